import {expect} from 'chai'
import {join} from 'node:path'
import type {OriginKind, Values} from '../../../src/lib/values/values.js'
import {LinkedTap, type LinkedTapOptions} from './linked-tap.js'

/** A source of a value, and how a test sets it. */
interface Source {
  readonly kind: OriginKind
  readonly text: string
  readonly place: (tap: LinkedTap) => string
  readonly say: (tap: LinkedTap) => LinkedTapOptions
}

const NAME = 'KEG_PROXY_HOST'

/** From low to high, as in docs/values.md and the architecture. */
const SOURCES: readonly Source[] = [
  {kind: 'default', text: 'localhost', place: () => 'keg', say: () => ({})},
  {
    kind: 'configuration',
    text: 'of.configuration',
    place: ({home}) => join(home, '.config/keg/config.yml:6'),
    say: (tap) => (tap.configure(`env:\n  ${NAME}: of.configuration`), {}),
  },
  {
    kind: 'values',
    text: 'of.values',
    place: ({folder}) => join(folder, 'container/values.yml:2'),
    say: (tap) => (tap.values(`${NAME}: of.values`), {}),
  },
  {
    kind: 'environment-values',
    text: 'of.environment-values',
    place: ({folder}) => join(folder, 'container/values-local.yml:2'),
    say: (tap) => (tap.values(`${NAME}: of.environment-values`, 'values-local.yml'), {}),
  },
  {
    kind: 'dotenv',
    text: 'of.dotenv',
    place: ({folder}) => join(folder, '.env:2'),
    say: (tap) => (tap.write('shop/.env', `# of all programs\n${NAME}=of.dotenv\n`), {}),
  },
  {
    kind: 'override',
    text: 'of.override',
    place: ({home}) => join(home, '.config/keg/taps/shop.yml:2'),
    say: (tap) => (tap.override(`${NAME}: of.override`), {}),
  },
  {
    kind: 'environment',
    text: 'of.environment',
    place: () => NAME,
    say: ({environment}) => ({environment: {...environment, [NAME]: 'of.environment'}}),
  },
  {
    kind: 'flag',
    text: 'of.flag',
    place: () => '--proxy-host',
    say: () => ({flags: new Map([[NAME, {text: 'of.flag', flag: '--proxy-host'}]])}),
  },
]

describe("precedence of a value's sources", () => {
  let tap: LinkedTap
  beforeEach(() => (tap = new LinkedTap()))
  afterEach(() => tap.remove())

  const say = async (sources: readonly Source[]): Promise<Values> => {
    const options = sources.map((source) => source.say(tap))
    return (await tap.open(Object.assign({}, ...options) as LinkedTapOptions)).values
  }

  for (const [index, highest] of SOURCES.entries()) {
    it(`${highest.kind} overrides all lower sources, and lists them in order`, async () => {
      const lower = SOURCES.slice(0, index)
      const values = await say([...lower, highest])
      expect(values.text(NAME)).to.equal(highest.text)
      expect(values.origin(NAME)).to.deep.equal({kind: highest.kind, place: highest.place(tap)})
      const {hides, meaning} = values.explain().find(({name}) => name === NAME) ?? {}
      expect(hides).to.deep.equal(
        lower.map(({kind, place, text}) => ({text, origin: {kind, place: place(tap)}})).reverse(),
      )
      expect(meaning).to.match(/^Domain of the proxy/)
    })

    for (const one of SOURCES.slice(1, index))
      it(`${highest.kind} overrides ${one.kind}`, async () => {
        expect((await say([highest, one])).text(NAME)).to.equal(highest.text)
      })
  }
})
