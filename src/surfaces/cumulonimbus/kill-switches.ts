/** Kill switches, which the staff sets. */
import { KILL_SWITCHES, parseKillSwitch } from '../../domain/kill-switches.ts';
import { sendJson } from '../../http/send-json.ts';
import { findKillSwitches, setKillSwitches } from '../../operations/admit.ts';
import { type Asked, type CumulonimbusHandlers, reverify } from './handlers.ts';

export const killSwitchHandlers = {
  listKillSwitches: send,
  setKillSwitch: asked => change(asked, { id: idOf(asked), enabled: true }),
  clearKillSwitch: asked => change(asked, { id: idOf(asked), enabled: false }),
  clearKillSwitches: asked => change(asked, { id: null, enabled: false }),
} satisfies CumulonimbusHandlers;

function idOf({ params }: Asked): number {
  return parseKillSwitch(params.switchId ?? '');
}

async function change(asked: Asked, to: { readonly id: number | null; readonly enabled: boolean }): Promise<void> {
  await reverify(asked);
  await setKillSwitches(asked.core, asked.scope, to);
  await send(asked);
}

async function send({ core, scope, res }: Asked): Promise<void> {
  const switches = await findKillSwitches(core, scope);
  const body = switches.map(({ id, enabled }) => ({ id, name: KILL_SWITCHES[id], state: enabled }));
  sendJson({ res, status: 200, body });
}
