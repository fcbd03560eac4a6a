import type { AnswerOf } from '../events/answers.ts';
import { DEFAULT_POLICY, type Policy } from '../events/policy.ts';
import { changesBetween } from '../policies/diff.ts';
import { PRESET_NAMES, PRESETS, type PresetName } from '../policies/presets.ts';
import { fieldsText, policyText } from '../policies/write-policy.ts';
import { durationText } from '../workload/number-text.ts';
import { NotThereError, UsageError } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { changesText } from './policy-diff-text.ts';
import { policiesInLog } from './policy-log.ts';
import { teamOfSession, withGovernor } from './reach.ts';
import type { Session } from './session.ts';
import { showTime, wholeNumber } from './values.ts';

type ShowOptions = { readonly version?: string; readonly all?: boolean };

/** The policy in force as a file, or an earlier one from the log. */
export async function showPolicy(
  session: Session,
  { version, all = false }: ShowOptions,
): Promise<ExitCode> {
  const team = teamOfSession(session);
  const shown =
    version === undefined
      ? await inForce(session, team)
      : await ofVersion(session, team, wholeNumber(version, '--version'));
  const { policy, comment, notes, ...told } = shown;
  session.screen.result({ outcome: 'policy', team, policy, comment, ...told }, () =>
    policyText(policy, { team, comment, notes }, all),
  );
  return EXIT.ok;
}

async function inForce(session: Session, team: string) {
  const answer = await withGovernor(session, team, (client) => client.policy(team));
  return { ...answer, notes: [noteOf(answer)] };
}

function noteOf({ version, by, setMsAgo, preset }: AnswerOf<'policy'>): string {
  if (setMsAgo === undefined) return 'no policy was ever set: every field has its default';
  const from = preset === undefined ? '' : `, from the preset ${preset}`;
  return `version ${version}, set by ${by} ${durationText(setMsAgo)} ago${from}`;
}

async function ofVersion(session: Session, team: string, version: number) {
  const stored = await policiesInLog(session, team);
  const found = stored.find((one) => one.version === version);
  if (found === undefined) {
    const last = stored.at(-1)?.version ?? 0;
    throw new NotThereError(`${team} has no policy ${version}.`, `Its last version is ${last}.`);
  }
  const { policy, comment, preset, by, atMs } = found.event;
  const notes = [`version ${version}, set by ${by ?? 'nobody known'} at ${showTime(atMs)}`];
  return { version, policy, comment, preset, by, atMs, at: found.at, notes };
}

/** Every policy that was set, oldest first, with what each changed. */
export async function policyHistory(session: Session): Promise<ExitCode> {
  const { screen } = session;
  const team = teamOfSession(session);
  let before: Policy = DEFAULT_POLICY;
  for (const { version, event, at } of await policiesInLog(session, team)) {
    const { by, atMs, preset, comment, policy } = event;
    const changes = changesBetween(before, policy);
    before = policy;
    screen.line({ version, at, atMs, by, preset, comment, changes }, () => {
      const why = [
        ...(preset === undefined ? [] : [`preset ${preset}`]),
        ...(comment ? [comment] : []),
      ];
      const head = `${screen.paint.bold(`version ${version}`)}  ${showTime(atMs)}  by ${by ?? '–'}`;
      const first = why.length === 0 ? head : `${head}  ${why.join(': ')}`;
      const list = changesText(changes, screen.paint);
      return changes.length === 0 ? first : `${first}\n${list.replaceAll(/^/gm, '  ')}`;
    });
  }
  return EXIT.ok;
}

/** The presets, or one of them as a file. */
export async function policyPresets(
  { screen, team }: Session,
  _options: object,
  name: string | undefined,
): Promise<ExitCode> {
  if (name === undefined) {
    const all = PRESET_NAMES.map((one) => ({ preset: one, summary: PRESETS[one].summary }));
    screen.result(all, () =>
      all
        .map(({ preset, summary }) => `${screen.paint.bold(preset.padEnd(9))} ${summary}`)
        .join('\n'),
    );
    return EXIT.ok;
  }
  if (!isPreset(name)) {
    throw new UsageError(`There is no preset '${name}'.`, `They are ${PRESET_NAMES.join(', ')}.`);
  }
  const { summary, fieldsFor, needsTeam } = PRESETS[name];
  if (needsTeam && team === undefined) {
    throw new UsageError(
      `The preset ${name} has rules for the team's own node.`,
      'Give --team NAME.',
    );
  }
  const fields = fieldsFor(team ?? '');
  screen.result({ preset: name, summary, fields }, () =>
    fieldsText(fields, { team, notes: [`the preset ${name}: ${summary}`] }),
  );
  return EXIT.ok;
}

function isPreset(name: string): name is PresetName {
  return (PRESET_NAMES as readonly string[]).includes(name);
}
