/**
 * How many bytes the registry has of an upload, by its Range `0-LAST`. For none, some registries answer `0-0`, as for one byte,
 * others `0--1`.
 * @param sent how many bytes it should have, if that is known
 * @returns undefined if it is no such range
 */
export function bytesInRange(range: string, sent?: number): number | undefined {
  const [, last] = /^(?:bytes=)?0-(-1|\d{1,15})$/.exec(range) ?? []
  if (last === undefined) return undefined
  return last === '-1' || (last === '0' && sent !== 1) ? 0 : Number(last) + 1
}
