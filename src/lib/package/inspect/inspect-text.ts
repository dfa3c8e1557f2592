import {runSettingFlags} from '../../image/run-setting-flags.js'
import {labelledMounts, type LabelledMount} from '../../image/layer-labels.js'
import {formatAge} from '../../terminal/age.js'
import {fieldLines, nameColumns, type Field} from '../../terminal/fields.js'
import {count, formatBytes, printable, shellLine} from '../../terminal/text.js'
import type {PackagePlace} from '../open-package.js'
import type {InspectedProject, InspectResult} from './inspect-package.js'

/** Where and when a text is shown. */
export interface InspectTextOptions {
  readonly now: Date
  /** Columns of the terminal; undefined for no limit. */
  readonly width: number | undefined
}

type Section = readonly [title: string, fields: readonly Field[]]

const INDENT = 2

/** Where a package was read from, if that is not the engine. */
const READ_FROM: Readonly<Record<PackagePlace, string | null>> = {
  engine: null,
  file: 'the file',
  registry: 'the registry',
}

/** The text for people about a compose project: that of each service. */
export function projectInspectText(
  {digest, project, reference, services}: InspectedProject,
  options: InspectTextOptions,
): string {
  const head = printable(`${reference}\n${count(services.length, 'service')} of ${project}, ${digest}`, {
    keepLines: true,
  })
  const parts = services.map((each) => `Service ${printable(each.service ?? '')}\n\n${inspectText(each, options)}`)
  return [head, ...parts].join('\n\n')
}

/** The text for people: what the package is, what is in it, how it runs, how it was made, and last what is wrong with it. */
export function inspectText(result: InspectResult, {now, width}: InspectTextOptions): string {
  const all: readonly Section[] = [
    ['What it is', identity(result, now)],
    ['What is in it', contents(result)],
    ['How it runs', operation(result)],
    ['How it was made', origin(result)],
    ['Invalid labels', result.invalid.map(({label, value}): Field => ['Invalid', `${label}: ${value}`])],
  ]
  const sections = all.filter(([, fields]) => fields.length > 0)
  const names = nameColumns(sections.flatMap(([, fields]) => fields))
  return sections
    .map(([title, fields]) => [title, ...fieldLines(fields, {indent: INDENT, names, width})].join('\n'))
    .join('\n\n')
}

function identity(result: InspectResult, now: Date): Field[] {
  const {author, base, branch, commit, created, digest, dirty, message, readFrom, reference, source} = result
  const changes = dirty === null ? '' : dirty ? ', with uncommitted changes' : ', nothing uncommitted'
  return known([
    ['Reference', reference],
    ['Digest', digest],
    ['Read from', READ_FROM[readFrom]],
    ['Branch', branch],
    ['Commit', commit === null ? null : commit + changes],
    ['Author', author],
    ['Created', created === null ? null : `${formatAge(new Date(created), now)} (${created})`],
    ['Message', message?.trimEnd() ?? null],
    ['Source', source],
    ['Base', base.name ?? base.digest],
    ['Base digest', base.name === null ? null : base.digest],
  ])
}

function contents(result: InspectResult): Field[] {
  const {excluded, layers, agentFiles, mountBytes, mounts, platform, replaced, without, writers} = result
  const unlisted = excluded === null ? 0 : excluded.count - excluded.paths.length
  return known([
    ['Size', `${sizeText(result)} in ${count(layers, 'layer')}`],
    ['Platform', platform],
    [
      'Left out',
      without === null
        ? null
        : `${count(without.layers, 'layer')} of ${printable(without.reference ?? 'another image')}, which an engine must have to run it`,
    ],
    ...labelledMounts(mounts ?? []).map((mount) => mountField(mount, mountBytes)),
    ...(agentFiles?.paths ?? []).map((path): Field => ['Excluded', `${path}: a file of a sync`]),
    ...(excluded?.paths ?? []).map((path): Field => ['Excluded', `${path}: by a flag or .kegignore`]),
    ['Excluded', unlisted > 0 ? `${count(unlisted, 'more path')}: by a flag or .kegignore` : null],
    ...(excluded?.environment ?? []).map((name): Field => ['Excluded', `the variable ${name}`]),
    ...(replaced ?? []).map((path): Field => ['Replaced', `${path}: its new source, not what the container had`]),
    ...(writers ?? []).map(({container, mounts: written}): Field => [
      'Unsure',
      `${written.join(', ')}: ${container} ran while it was read, and may have written to it`,
    ]),
  ])
}

/** Uncompressed, if that is known. */
function sizeText({bytes, compressedBytes}: InspectResult): string {
  return bytes === null ? `${formatBytes(compressedBytes ?? 0)}, compressed,` : formatBytes(bytes)
}

function mountField({empty, layers, path, type}: LabelledMount, mountBytes: InspectResult['mountBytes']): Field {
  if (empty === true) return ['Mount', `${path}: ${type}, empty, because it was excluded`]
  const sizes = layers.flatMap((layer) => mountBytes[layer] ?? [])
  const size = sizes.length < layers.length ? '' : `, ${formatBytes(sizes.reduce((sum, each) => sum + each, 0))}`
  const parts = layers.length === 1 ? '' : ` in ${count(layers.length, 'layer')}`
  return ['Mount', `${path}: ${type}${size}${parts}, in the package`]
}

function operation(result: InspectResult): Field[] {
  const {command, entrypoint, environment, ports, settings, user, workingDirectory} = result
  return known([
    ['Entrypoint', shellLine(entrypoint)],
    ['Command', shellLine(command)],
    ['User', user],
    ['Folder', workingDirectory],
    ['Ports', ports.join(', ')],
    ['Variables', environment.join(', ')],
    ['Was run with', runSettingFlags(settings ?? {}).join('\n')],
  ])
}

function origin({config, container, entries, image, run, schema, service, synced, version}: InspectResult): Field[] {
  return known([
    ['Container', container],
    ['Service', service],
    ['Synced', synced],
    ['Tag', version],
    ['Image', image],
    ['File list', entries],
    ['Settings', config],
    ['Run of keg', run],
    ['Schema', schema],
  ])
}

/** Leaves out fields without a value. */
function known(fields: readonly (readonly [name: string, value: string | null])[]): Field[] {
  return fields.flatMap(([name, value]): Field[] => (value === null || value === '' ? [] : [[name, value]]))
}
