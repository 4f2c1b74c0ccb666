/** From a surface's table of operations to the handlers that are bound: what every handler is given. */
import type { Route, RouteHandler } from './bind-routes.ts';

export type Handle<Asked> = (asked: Asked) => Promise<void>;

/** A handler for each operation of the table, given the request, what admitting it gave, and the surface's own parts. */
export function boundHandlers<Parts extends object, Admitted extends object | undefined>(
  operations: Readonly<Record<string, { readonly handle: Handle<Route & Parts & Admitted> }>>,
  parts: Parts,
): Record<string, RouteHandler<Admitted>> {
  const bound = (handle: Handle<Route & Parts & Admitted>): RouteHandler<Admitted> => {
    return (route, admitted) => handle(Object.assign({}, route, parts, admitted));
  };
  return Object.fromEntries(Object.entries(operations).map(([id, { handle }]) => [id, bound(handle)]));
}

/** The operation's entry in the table that was bound, which has one for each. */
export function operationOf<Operation>(
  operations: Readonly<Record<string, Operation>>,
  operationId: string,
): Operation {
  const operation = operations[operationId];
  if (operation === undefined) throw new Error(`no operation ${operationId} in the table`);
  return operation;
}
