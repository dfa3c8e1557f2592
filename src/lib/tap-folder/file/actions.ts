import {isMap, isNothing, valueOf, type YamlChecker} from '../yaml/yaml-checker.js'
import type {YamlEntry, YamlNode} from '../yaml/yaml-file.js'
import type {Action} from '../model.js'

/** The group of actions that are in no other. */
const OWN_GROUP = 'tap'
const KEYS = [
  'cmds',
  'cmd',
  'location',
  'workdir',
  'detach',
  'detached',
  'privileged',
  'name',
  'description',
  'options',
] as const

/**
 * Parses actions, from `actions` of values.yml or mutagen.yml: `actions.tap.build.cmds` is the action `tap:build`. One
 * without a group, as in `actions.build.cmds`, is the tap's own, too.
 */
export async function readActions(node: YamlNode | undefined, checker: YamlChecker): Promise<Map<string, Action>> {
  const actions = new Map<string, Action>()
  const grouped: [name: string, entry: YamlEntry][] = []
  for (const entry of checker.entries(node, 'actions', 'Write it as actions: {tap: {build: {cmds: [...]}}}')) {
    const {key, value} = entry
    if (!isMap(value) || isAction(value.entries)) grouped.unshift([`${OWN_GROUP}:${key}`, entry])
    else for (const each of value.entries) grouped.push([`${key}:${each.key}`, each])
  }
  for (const [name, entry] of grouped) {
    const action = await readAction(entry, name, checker)
    if (action === undefined) continue
    if (actions.has(name))
      checker.warning(entry, `the action ${name} is defined twice, and this definition is used.`, 'Keep one of them.')
    actions.set(name, action)
  }
  return actions
}

function isAction(entries: readonly YamlEntry[]): boolean {
  return entries.some(({key, value}) => (key === 'cmds' || key === 'cmd') && !isMap(value))
}

async function readAction(
  {column, file, key, line, value}: YamlEntry,
  name: string,
  checker: YamlChecker,
): Promise<Action | undefined> {
  const place = {file, line, column}
  if (!/^[^\s:,]+$/.test(key)) {
    checker.error(place, 'the name of an action cannot have spaces, colons or commas.', 'Rename it.')
    return undefined
  }
  const entries = isMap(value) ? value.entries : []
  await checker.known(entries, KEYS, `the action ${name}`)
  const written = isMap(value) ? valueOf(entries, 'cmds', 'cmd') : value
  const commands = checker.texts(written, `cmds of ${name}`) ?? []
  if (commands.length === 0) {
    if (hasNothing(written)) checker.error(place, `the action ${name} has no command.`, 'List them under cmds.')
    return undefined
  }
  return {
    ...place,
    commands,
    location: checker.text(valueOf(entries, 'location', 'workdir'), 'location'),
    detach: checker.flag(valueOf(entries, 'detach', 'detached'), 'detach') ?? false,
    privileged: checker.flag(valueOf(entries, 'privileged'), 'privileged') ?? false,
  }
}

function hasNothing(node: YamlNode | undefined): boolean {
  return node === undefined || isNothing(node) || (node.kind === 'list' && node.items.every(isNothing))
}
