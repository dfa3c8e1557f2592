/** Follows keg's advice like a user: copies a line from the output, and pastes it into a shell. */
import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {property} from '../../src/lib/json/json.js'
import {shellLine} from '../../src/lib/terminal/text.js'
import {prepare, program, type KegOptions, type KegResult} from './keg.js'

export interface AdviceOptions extends KegOptions {
  /** What the user types in place of a word in capitals, such as PATH. */
  readonly fill?: Readonly<Record<string, string>>
  /** What the user adds, such as a password that a terminal would ask for, or `--yes`. */
  readonly add?: readonly string[]
  /** Accepted exit codes; default: only 0. */
  readonly exits?: readonly number[]
  /** What it prints once it has done what it was advised for; then Ctrl-C ends it. */
  readonly until?: RegExp
}

/**
 * Runs the line that a run of keg advised, and expects it to succeed.
 * @param said how that run ended, or a text that it printed
 * @param beginning of the line, such as `docker unpause`
 */
export async function runAdvice(
  said: KegResult | string,
  beginning: string,
  {add = [], exits = [0], fill = {}, until, ...options}: AdviceOptions = {},
): Promise<KegResult> {
  const advised = adviceIn(typeof said === 'string' ? [said] : textsOf(said), beginning)
  const filled = Object.entries(fill).reduce(
    (text, [word, value]) => text.replace(word, () => shellLine([value])),
    advised,
  )
  const line = [filled, shellLine(add)].join(' ').trim()
  const {end, environment, folder} = await prepare([line], options)
  const bin = await mkdtemp(join(tmpdir(), 'keg-test-bin-'))

  await writeFile(join(bin, 'keg'), `#!/bin/sh\nexec ${shellLine([process.execPath, '--', program])} "$@"\n`, {
    mode: 0o755,
  })
  const child = spawn('bash', ['-c', line], {
    cwd: folder,
    env: {...environment, PATH: [bin, environment.PATH].join(delimiter)},
    // A process group, which a terminal's Ctrl-C reaches as a whole.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = {stdout: '', stderr: ''}
  let isOver = false
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => {
      text[stream] += part
      if (until === undefined || isOver || !until.test(text[stream]) || child.pid === undefined) return
      isOver = true
      process.kill(-child.pid, 'SIGINT')
    })
  const [exit, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  const result = await end({...text, code: exit, signal})
  await rm(bin, {recursive: true})
  const shown = `${line}\n${result.stdout}${result.stderr}`
  if (until === undefined) expect(exits, shown).to.include(result.code)
  else expect(isOver, shown).to.equal(true)
  return result
}

/** The printed line with this beginning, to the end of its sentence or the next part of it; throws if there is none. */
export function adviceIn(texts: readonly string[], beginning: string): string {
  for (const text of texts) {
    const start = text.indexOf(beginning)
    if (start === -1) continue
    const rest = text.slice(start)
    // Outside of quotation marks: the end of a sentence or of a part of it, or the small words that follow a line of
    // keg.
    const end =
      /^(?:\$?'(?:[^'\\]|\\.)*'|\\.|(?![.,;:)]*(?:\n|$)|[.,;:)]+ | \(| (?:does|shows|looks|says|gives|makes|lists|ends|tells|removes|frees|to|and|or|follows|with the|once|would|will|again|there|lets|brings)[ ,])[^'\\])*/s
    return end.exec(rest)?.[0].trim() ?? rest
  }
  throw new Error(`"${beginning}" is advised nowhere in: ${texts.join('\n')}`)
}

/** All texts of a result: from its JSON, or its output. */
function textsOf({stderr, stdout}: KegResult): string[] {
  const texts: string[] = []
  const collect = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value)
    else if (typeof value === 'object' && value !== null)
      for (const key of Object.keys(value)) collect(property(value, key))
  }
  try {
    collect(JSON.parse(stdout))
  } catch {
    texts.push(stdout)
  }
  return [...texts, stderr]
}
