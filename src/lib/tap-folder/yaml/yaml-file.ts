import type * as Yaml from 'yaml'
import type {Document, ErrorCode, LineCounter, Scalar, YAMLMap} from 'yaml'
import {readTextFile} from '../text-file.js'
import {maskTemplates} from './mask-templates.js'
import type {FilePlace, TapProblem} from '../model.js'

/** A part of a YAML file; aliases and merge keys are resolved. */
export type YamlNode = YamlList | YamlMap | YamlText

/** A text, number or boolean as written (`1.0` stays `1.0`); nothing is an empty text. */
export interface YamlText extends FilePlace {
  readonly kind: 'text'
  readonly text: string
}

export interface YamlList extends FilePlace {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

export interface YamlMap extends FilePlace {
  readonly kind: 'map'
  readonly entries: readonly YamlEntry[]
}

/** A key and its value, with the place of the key. */
export interface YamlEntry extends FilePlace {
  readonly key: string
  readonly value: YamlNode
}

/**
 * Reads a YAML file with the places of everything in it.
 * @param problems receives what is wrong, never the content, which can be secret
 * @returns undefined if it does not exist, is empty, or cannot be used
 */
export async function readYamlFile(file: string, problems: TapProblem[]): Promise<YamlNode | undefined> {
  const text = await readTextFile(file, problems)
  if (text === undefined) return undefined
  const yaml = await import('yaml')
  const lineCounter = new yaml.LineCounter()
  const mask = maskTemplates(text)
  const report = (offset: number, [message, hint]: Complaint): void => {
    problems.push({...placeAt(file, lineCounter, offset), severity: 'error', message, hint})
  }
  let document: Document.Parsed
  try {
    document = yaml.parseDocument(mask.text, {lineCounter, prettyErrors: false})
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report(0, TOO_DEEP)
    return undefined
  }
  // Later errors can follow from the first one; each duplicate key is reported.
  const [first] = document.errors.filter(({code}) => code !== 'DUPLICATE_KEY')
  const errors = document.errors.filter((error) => error === first || error.code === 'DUPLICATE_KEY')
  for (const {code, pos} of errors) report(pos[0], COMPLAINTS[code] ?? NO_YAML)
  if (first !== undefined || document.contents === null) return undefined
  try {
    const reader = new NodeReader(yaml, document, mask.unmask, (offset) => placeAt(file, lineCounter, offset))
    const node = reader.read(document.contents, 0, 0)
    return node.kind === 'text' && node.text === '' ? undefined : node
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    report(error.offset, error.complaint)
    return undefined
  }
}

type Complaint = readonly [message: string, hint: string]

const NO_YAML: Complaint = ['it is not valid YAML from here on.', 'Check for a wrong quote, colon or indentation.']
const TOO_DEEP: Complaint = ['it is nested too deeply.', 'Write it with fewer levels.']
const TOO_MUCH: Complaint = ['its aliases expand to too much.', 'Write it without them.']
const NO_ANCHOR: Complaint = ['there is no anchor of that name above.', 'Define one with & before it is used with *.']
const NO_KEY: Complaint = ['a key must be a string.', 'Write it as name: value']
const NO_MERGE: Complaint = ['<< takes a map, or a list of maps.', 'Use an anchor: <<: *name']

const COMPLAINTS: Partial<Record<ErrorCode, Complaint>> = {
  BAD_ALIAS: NO_ANCHOR,
  BAD_INDENT: [
    'its indentation does not match the lines above.',
    'Indent what belongs together by the same number of spaces.',
  ],
  DUPLICATE_KEY: ['this key is defined twice.', 'Keep one of them.'],
  MISSING_CHAR: ['something is missing here, such as a quote or a bracket.', 'Add it.'],
  MULTIPLE_DOCS: [
    'a second document starts here, and only the first is used.',
    'Put everything into one, without ---.',
  ],
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: ['this is indented with a tab, and YAML allows only spaces.', 'Use spaces instead.'],
}

/** What a tree of nodes cannot represent. */
class Unusable extends Error {
  constructor(
    readonly offset: number,
    readonly complaint: Complaint,
  ) {
    super(complaint[0])
  }
}

const MAX_NODES = 50_000
const MAX_LEVELS = 50

class NodeReader {
  #nodes = 0
  /** The nodes of aliases. */
  readonly #anchored = new Map<unknown, unknown>()

  constructor(
    private readonly yaml: typeof Yaml,
    private readonly document: Document.Parsed,
    private readonly unmask: (text: string) => string,
    private readonly placeAt: (offset: number) => FilePlace,
  ) {}

  /** @param offset where the node is used, for one without its own place */
  read(written: unknown, offset: number, level: number): YamlNode {
    const {isMap, isScalar, isSeq} = this.yaml
    const node = this.#resolved(written)
    const start = this.#offsetOf(node) ?? offset
    if (++this.#nodes > MAX_NODES) throw new Unusable(start, TOO_MUCH)
    if (level > MAX_LEVELS) throw new Unusable(start, TOO_DEEP)
    const place = this.placeAt(start)
    if (isMap(node)) return {...place, kind: 'map', entries: this.#entries(node, start, level)}
    if (isSeq(node)) return {...place, kind: 'list', items: node.items.map((item) => this.read(item, start, level + 1))}
    return {...place, kind: 'text', text: isScalar(node) ? this.#textOf(node) : ''}
  }

  #entries(map: YAMLMap, start: number, level: number): YamlEntry[] {
    const own: YamlEntry[] = []
    const merged: YamlEntry[] = []
    for (const {key, value} of map.items) {
      const keyNode = this.#resolved(key)
      const offset = this.#offsetOf(key) ?? start
      if (!this.yaml.isScalar(keyNode) || keyNode.value === null) throw new Unusable(offset, NO_KEY)
      const node = this.read(value, offset, level + 1)
      if (keyNode.value === '<<' && keyNode.type === 'PLAIN') merged.push(...mergedEntries(node, offset))
      else own.push({...this.placeAt(offset), key: this.#textOf(keyNode), value: node})
    }
    const names = new Set(own.map(({key}) => key))
    // Of several merged mappings, the first one counts.
    for (const entry of merged) {
      if (names.has(entry.key)) continue
      names.add(entry.key)
      own.push(entry)
    }
    return own
  }

  #resolved(node: unknown): unknown {
    if (!this.yaml.isAlias(node)) return node
    // Finding an anchor searches the whole document.
    const known = this.#anchored.get(node) ?? node.resolve(this.document)
    if (known === undefined) throw new Unusable(node.range?.[0] ?? 0, NO_ANCHOR)
    this.#anchored.set(node, known)
    return known
  }

  #offsetOf(node: unknown): number | undefined {
    return this.yaml.isNode(node) ? node.range?.[0] : undefined
  }

  /** A number can be written in many ways, and its author means the one that is written. */
  #textOf({source, value}: Scalar): string {
    if (value === null || value === undefined) return ''
    return this.unmask(typeof value === 'string' ? value : (source ?? ''))
  }
}

function mergedEntries(node: YamlNode, offset: number): readonly YamlEntry[] {
  if (node.kind === 'map') return node.entries
  if (node.kind === 'text' || node.items.some(({kind}) => kind !== 'map')) throw new Unusable(offset, NO_MERGE)
  return node.items.flatMap((item) => (item.kind === 'map' ? item.entries : []))
}

function placeAt(file: string, lineCounter: LineCounter, offset: number): FilePlace {
  const {col, line} = lineCounter.linePos(offset)
  return {file, line: Math.max(line, 1), column: Math.max(col, 1)}
}
