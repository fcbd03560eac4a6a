import type { ExportHeader } from './export-format.ts';
import { readExport } from './export-read.ts';
import type { LogAuditor } from './log-auditor.ts';
import { conclude, newAuditor, type VerifyReport, type VerifySettings } from './verify.ts';

/**
 * Verifies an export in one pass: one report a shard. An export that was cut or altered is a finding
 * of every shard in it.
 */
export async function verifyExport(
  file: string,
  settings: VerifySettings,
): Promise<VerifyReport[]> {
  const auditors = new Map<number, LogAuditor>();
  const auditorOf = (shard: number) => {
    const auditor = auditors.get(shard) ?? newAuditor(shard, settings);
    auditors.set(shard, auditor);
    return auditor;
  };
  const damages: string[] = [];
  let header: ExportHeader | undefined;
  let isSealed = false;
  for await (const item of readExport(file)) {
    if (isSealed) {
      damages.push('there are lines after its end');
      break;
    }
    if (item.kind === 'message') auditorOf(item.message.shard).add(item.message);
    if (item.kind === 'damaged') damages.push(`line ${item.line}: ${item.detail}`);
    if (item.kind === 'header') header = item.header;
    if (item.kind !== 'seal') continue;
    isSealed = true;
    if (!item.isRight) damages.push('its lines do not have the hash that its last line names');
  }
  for (const { shard } of header?.shards ?? [{ shard: 0 }]) auditorOf(shard);
  return [...auditors].map(([shard, auditor]) => {
    if (header === undefined) auditor.note(0, 'export_damaged', 'its first line is no header');
    if (!isSealed) auditor.note(0, 'export_cut', 'its last line is missing');
    for (const damage of damages) auditor.note(0, 'export_damaged', damage);
    const lastSeq = header?.shards.find((one) => one.shard === shard)?.lastSeq ?? 0;
    return conclude(shard, auditor, lastSeq, settings.witnesses);
  });
}
