import {expect} from 'chai'
import fc from 'fast-check'

import {formatReference, parseReference, parseRegistry, parseTag} from '../../../src/lib/reference/reference.js'
import {anyText, host, path, tag, writtenReference} from './arbitrary.js'
import {refused} from './usage-error.js'

const digits = '0123456789abcdef'.repeat(4)
const digest = `sha256:${digits}`

/** The grammar again, as one expression assembled here from its text. */
const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?'
const grammar = new RegExp(
  String.raw`^(?:(?:${label}(?:\.${label})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?/)?${part}(?:/${part})*` +
    String.raw`(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,})?$`,
)

describe('parseReference', () => {
  const legal: [text: string, registry: string, repository: string, tag?: string, digest?: string][] = [
    ['busybox', 'docker.io', 'library/busybox'],
    ['docker.io/library/busybox', 'docker.io', 'library/busybox'],
    ['docker.io/busybox:1', 'docker.io', 'library/busybox', '1'],
    ['index.docker.io/acme/shop', 'docker.io', 'acme/shop'],
    ['acme/shop:Feature_1.x-', 'docker.io', 'acme/shop', 'Feature_1.x-'],
    ['ghcr.io/acme/team/deep/er/shop:b', 'ghcr.io', 'acme/team/deep/er/shop', 'b'],
    ['localhost/x', 'localhost', 'x'],
    ['localhost:5000', 'docker.io', 'library/localhost', '5000'],
    ['host:5000/x:y', 'host:5000', 'x', 'y'],
    ['127.0.0.1:65535/x', '127.0.0.1:65535', 'x'],
    ['[::1]:5000/x', '[::1]:5000', 'x'],
    ['[2001:db8::1]/x', '[2001:db8::1]', 'x'],
    ['REGISTRY/x', 'REGISTRY', 'x'],
    [`x@${digest}`, 'docker.io', 'library/x', undefined, digest],
    [`ghcr.io/a/x:t@${digest}`, 'ghcr.io', 'a/x', 't', digest],
    [`x@sha512:${digits}${digits}`, 'docker.io', 'library/x', undefined, `sha512:${digits}${digits}`],
    [`x@a+b.c:${'F'.repeat(32)}`, 'docker.io', 'library/x', undefined, `a+b.c:${'F'.repeat(32)}`],
    [`${digits}:t`, 'docker.io', `library/${digits}`, 't'],
    [`ghcr.io/${'a'.repeat(255)}`, 'ghcr.io', 'a'.repeat(255)],
    ['a'.repeat(247), 'docker.io', `library/${'a'.repeat(247)}`],
    [`x:${'t'.repeat(128)}`, 'docker.io', 'library/x', 't'.repeat(128)],
  ]
  for (const [text, registry, repository, tagOfText, digestOfText] of legal) {
    it(`parses ${text.slice(0, 60)}`, () => {
      const reference = parseReference(text)
      expect(reference).to.include({registry, repository, tag: tagOfText, digest: digestOfText})
      expect(reference.hostWritten).to.equal(text.includes('/') && !text.startsWith('acme/'))
    })
  }

  const illegal: [text: string, position: number, saying: RegExp][] = [
    ['', 1, /empty/],
    [':tag', 1, /missing/],
    ['x:', 3, /tag is missing/],
    ['x@', 3, /digest is missing/],
    ['img@sha256:short', 12, /64/],
    [`img@${digest.slice(0, -1)}`, 75, /63/],
    [`img@${digest}0`, 76, /exactly 64/],
    [`img@sha256:${digits.toUpperCase()}`, 22, /lower-case/],
    [`img@SHA256:${digits}`, 5, /lower case/],
    [`img@1md:${digits}`, 5, /algorithm/],
    [`img@sha+:${digits}`, 9, /algorithm/],
    [`img@${digits}`, 5, /algorithm/],
    ['img@md5:0123', 13, /at least 32/],
    ['IMG:Tag', 1, /lower case/],
    ['ghcr.io/acme/Shop', 14, /"S" is upper case/],
    ['acme/sHop', 7, /lower case/],
    ['host:99999/x', 6, /1 to 65535/],
    ['host:65536/x', 6, /1 to 65535/],
    ['host:0/x', 6, /1 to 65535/],
    ['host:/x', 6, /port number is missing/],
    ['host:50a/x', 8, /port/],
    ['-host.com/x', 1, /"-"/],
    ['host-.com/x', 5, /"-"/],
    ['ho_st.com/x', 3, /"_"/],
    ['a..b/x', 3, /missing/],
    ['[::1:5000/x', 10, /"]"/],
    ['[::g]:5000/x', 4, /"g"/],
    ['[1:2]/x', 2, /IPv6/],
    ['[::1]5000/x', 6, /"5"/],
    [`ghcr.io/${'a'.repeat(256)}`, 264, /255/],
    ['a'.repeat(248), 248, /255/],
    ['a//b', 3, /missing/],
    ['a/../b', 3, /"\."/],
    ['/x', 1, /missing/],
    ['x/', 3, /missing/],
    ['ghcr.io/', 9, /missing/],
    ['a..b', 3, /"\." cannot follow "\."/],
    ['a___b', 4, /"_"/],
    ['a-', 3, /cannot end/],
    ['a-:t', 3, /cannot end/],
    ['https://user:pw@h/x', 7, /missing/],
    ['user:secret@host/x', 1, /password/],
    ['x:1?q#f', 4, /"\?"/],
    [`x:${'t'.repeat(129)}`, 131, /128/],
    ['x:y:z', 4, /":"/],
    ['x:-y', 3, /start a tag/],
    ['-x', 1, /"-"/],
    ['x\n', 2, /U\+000A/],
    ['x\0y', 2, /U\+0000/],
    ['x\u001b[31m', 2, /U\+001B/],
    ['x\u202etag', 2, /U\+202E/],
    ['x：tag', 2, /"：" \(U\+FF1A\)/],
    ['x y', 2, /" "/],
    ['x:t`id`', 4, /"`"/],
    ['x:$(id)', 3, /"\$"/],
    [digits, 1, /ID of an image/],
  ]
  for (const [text, position, saying] of illegal) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} at position ${position}`, () => {
      const {error, position: found} = refused(() => parseReference(text))
      expect(error.code).to.equal('reference-invalid')
      expect(error.exitCode).to.equal(2)
      expect(error.message).to.match(saying)
      expect(error.message).to.contain(`position ${position})`)
      expect(found).to.equal(position)
    })
  }

  it('never repeats a password, and keeps messages short', () => {
    for (const text of [
      'https://user:s3cret@h/x',
      'user:s3cret@host/x',
      'https://user:s3/cr:s3cret@h/x',
      'oci://s3cret@h',
    ]) {
      expect(refused(() => parseReference(text)).error.message).not.to.contain('s3cret')
    }
    expect(refused(() => parseReference('!'.repeat(100_000))).error.message.length).to.be.below(300)
  })

  it('accepts exactly the grammar', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let accepted = true
        try {
          parseReference(text)
        } catch {
          accepted = false
        }
        if (accepted) expect(text).to.match(grammar)
        else {
          const {error, position} = refused(() => parseReference(text))
          expect(error.code).to.equal('reference-invalid')
          expect(position).to.be.within(1, text.length + 1)
        }
      }),
      {numRuns: 1000},
    )
  })

  it('parses every reference of the grammar into its parts', () => {
    fc.assert(
      fc.property(writtenReference, ({text, host: registry, path: written, tag: tagOfText, digest: digestOfText}) => {
        const hub = registry === undefined || registry === 'docker.io' || registry === 'index.docker.io'
        expect(parseReference(text)).to.deep.equal({
          registry: hub ? 'docker.io' : registry,
          repository: hub && !written.includes('/') ? `library/${written}` : written,
          tag: tagOfText,
          digest: digestOfText,
          hostWritten: registry !== undefined,
        })
      }),
      {numRuns: 500},
    )
  })
})

describe('formatReference', () => {
  const familiar: [text: string, expected: string][] = [
    ['docker.io/library/x', 'x'],
    ['x:1', 'x:1'],
    ['index.docker.io/acme/x:1', 'acme/x:1'],
    ['docker.io/library/deep/x', 'library/deep/x'],
    [`ghcr.io/library/x:t@${digest}`, `ghcr.io/library/x:t@${digest}`],
    ['docker.io/a.b/c', 'docker.io/a.b/c'],
    ['docker.io/localhost/c', 'docker.io/localhost/c'],
    [`docker.io/library/${digits}`, `library/${digits}`],
    [`docker.io/library/${digits}:t`, `${digits}:t`],
  ]
  for (const [text, expected] of familiar) {
    it(`formats ${text.slice(0, 40)} as ${expected.slice(0, 40)}`, () => {
      expect(formatReference(parseReference(text))).to.equal(expected)
    })
  }

  it('formats a parsed reference as the same reference', () => {
    fc.assert(
      fc.property(writtenReference, ({text}) => {
        const {hostWritten, ...reference} = parseReference(text)
        const written = formatReference(reference)
        const {hostWritten: hostWrittenAgain, ...again} = parseReference(written)
        expect(again).to.deep.equal(reference)
        if (reference.registry !== 'docker.io') expect(hostWrittenAgain).to.equal(hostWritten)
        expect(formatReference(again)).to.equal(written)
      }),
      {numRuns: 500},
    )
  })
})

describe('parseTag', () => {
  it('accepts every valid tag unchanged', () => {
    fc.assert(fc.property(tag, (text) => void expect(parseTag(text)).to.equal(text)))
  })

  const illegal: [text: string, position: number][] = [
    ['', 1],
    ['-x', 1],
    ['.x', 1],
    ['feature/a', 8],
    ['a:b', 2],
    ['a b', 2],
    ['é', 1],
    ['a\n', 2],
    ['t'.repeat(129), 129],
  ]
  for (const [text, position] of illegal) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))} at position ${position}`, () => {
      const {error, position: found} = refused(() => parseTag(text))
      expect(error.code).to.equal('tag-invalid')
      expect(found).to.equal(position)
    })
  }
})

describe('parseRegistry', () => {
  const legal: [text: string, host: string, namespace: string | undefined][] = [
    ['ghcr.io', 'ghcr.io', undefined],
    ['ghcr.io/acme', 'ghcr.io', 'acme'],
    ['localhost', 'localhost', undefined],
    ['localhost:5000/a/b', 'localhost:5000', 'a/b'],
    ['[::1]:5000', '[::1]:5000', undefined],
    ['registry:5000', 'registry:5000', undefined],
    ['docker.io/acme', 'docker.io', 'acme'],
    ['index.docker.io/acme', 'docker.io', 'acme'],
  ]
  for (const [text, registryHost, namespace] of legal) {
    it(`parses ${text}`, () => expect(parseRegistry(text)).to.deep.equal({host: registryHost, namespace}))
  }

  const illegal: [text: string, position: number, hint: RegExp][] = [
    ['', 1, /HOST/],
    ['https://ghcr.io/acme', 1, /scheme out/],
    ['acme', 1, /docker\.io\/acme/],
    ['Acme/Team', 1, /docker\.io\/acme\/team/],
    ['user:secret@ghcr.io', 1, /docker login/],
    ['ghcr.io/', 9, /HOST/],
    ['ghcr.io/Acme', 9, /HOST/],
    ['ghcr.io/acme:tag', 13, /HOST/],
    ['ghcr.io:0/acme', 9, /HOST/],
    ['ghcr.io:', 9, /HOST/],
    ['/acme', 1, /HOST/],
    ['ghcr.io acme', 8, /HOST/],
  ]
  for (const [text, position, hint] of illegal) {
    it(`refuses ${JSON.stringify(text)} at position ${position}`, () => {
      const {error, position: found} = refused(() => parseRegistry(text))
      expect(error.code).to.equal('registry-invalid')
      expect(error.hint).to.match(hint)
      expect(error.message).not.to.contain('secret')
      expect(found).to.equal(position)
    })
  }

  it('parses the grammar, and refuses everything else with a position', () => {
    fc.assert(
      fc.property(
        host.filter((text) => /[.:]/.test(text)),
        path,
        (registryHost, namespace) => {
          const normal = registryHost === 'index.docker.io' ? 'docker.io' : registryHost
          expect(parseRegistry(`${registryHost}/${namespace}`)).to.deep.equal({host: normal, namespace})
        },
      ),
    )
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          parseRegistry(text)
        } catch {
          expect(refused(() => parseRegistry(text)).position).to.be.within(1, text.length + 1)
        }
      }),
    )
  })
})
