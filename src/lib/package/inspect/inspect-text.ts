import {count, formatBytes, printable} from '../../terminal/text.js'
import type {InspectResult} from './inspect-package.js'

/** What a person reads: a line for each thing that is known, and at the end what does not fit. */
export function inspectText(result: InspectResult): string {
  const {base, bytes, invalid, layers, leftOut, mounts, settings} = result
  const dirty = result.dirty === null ? '' : result.dirty ? ', with uncommitted changes' : ', nothing uncommitted'
  const rows: [name: string, value: string | null][] = [
    ['Package', result.reference],
    ['Digest', result.digest],
    ['Image', `${result.image} (${result.platform}, ${count(layers, 'layer')}, ${formatBytes(bytes)})`],
    ['Version', result.version],
    ['Message', result.message],
    ['Author', result.author],
    ['Created', result.created],
    ['Branch', result.branch],
    ['Commit', result.commit === null ? null : `${result.commit}${dirty}`],
    ['Source', result.source],
    ['Base', base.name === null ? base.digest : `${base.name}${base.digest === null ? '' : ` (${base.digest})`}`],
    ...(mounts ?? []).map(({layer, path, type}): [string, string] => ['Mount', `${path} (${type}, ${layer})`]),
    ['Synced', result.synced],
    ...(leftOut?.paths ?? []).map((path): [string, string] => ['Left out', `${path} (of a sync)`]),
    ['Ran with', settings === null || Object.keys(settings).length === 0 ? null : JSON.stringify(settings)],
    ['Files', result.entries === null ? null : `list ${result.entries}`],
    ['Config', result.config],
    ['Run', result.run],
    ['Schema', result.schema],
    ...invalid.map(({label, value}): [string, string] => ['Invalid', `${label}: ${value}`]),
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows
    .flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(width)}${indented(value, width)}`]))
    .join('\n')
}

/** The lines of a message stay below each other. */
function indented(value: string, width: number): string {
  return printable(value, {keepLines: true})
    .split('\n')
    .join(`\n${' '.repeat(width)}`)
}
