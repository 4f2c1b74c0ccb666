/** Kill switches, which the staff sets. */
import { KILL_SWITCHES, parseKillSwitch } from '../../domain/kill-switches.ts';
import { findKillSwitches, setKillSwitches } from '../../operations/admit.ts';
import { type Asked, reverify } from './asked.ts';

export async function listSwitches({ core, scope }: Asked) {
  const switches = await findKillSwitches(core, scope);
  return switches.map(({ id, enabled }) => ({ id, name: KILL_SWITCHES[id], state: enabled }));
}

export const setSwitch = (asked: Asked) => change(asked, true);
export const clearSwitches = (asked: Asked) => change(asked, false);

/** The one in the path, or all. */
async function change(asked: Asked, enabled: boolean) {
  const { switchId } = asked.params;
  const id = switchId === undefined ? null : parseKillSwitch(switchId);
  await reverify(asked);
  await setKillSwitches(asked.core, asked.scope, { id, enabled });
  return listSwitches(asked);
}
