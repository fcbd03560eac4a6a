import { type Registry, type ResourceType, resourceTypeOf } from '../../events/resources.ts';

/** The resources of one team, seen by each of its nodes: those of every team, and these. */
export interface Resources {
  /** What its policy adds; changes with the policy, but never the class of what is in use. */
  added: Registry;
}

/** What is known of a resource; undefined where nobody knows it. */
export function typeIn({ added }: Resources, resource: string): ResourceType | undefined {
  return resourceTypeOf(resource, added);
}

/** Whether what is used of a resource stays spent. */
export function isConsumable({ added }: Resources, resource: string): boolean {
  return resourceTypeOf(resource, added)?.class === 'consumable';
}
