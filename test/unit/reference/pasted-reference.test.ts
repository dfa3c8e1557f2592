import {expect} from 'chai'
import fc from 'fast-check'

import {understandReference} from '../../../src/lib/reference/pasted-reference.js'
import {formatReference, parseReference} from '../../../src/lib/reference/reference.js'
import {anyText, writtenReference} from './arbitrary.js'
import {refused} from './usage-error.js'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

describe('understandReference', () => {
  const table: [text: string, reference: string, understood: string, kind: string][] = [
    ['busybox', 'busybox', 'the image busybox, without a tag', 'reference'],
    ['  ghcr.io/acme/shop:x\n', 'ghcr.io/acme/shop:x', 'the image ghcr.io/acme/shop, tag x', 'reference'],
    [`x:t@${digest}`, `x:t@${digest}`, `the image x, tag t, digest ${digest}`, 'reference'],
    ['`ghcr.io/acme/shop:x`', 'ghcr.io/acme/shop:x', 'the image ghcr.io/acme/shop, tag x', 'reference'],
    ['"ghcr.io/acme/shop:x",', 'ghcr.io/acme/shop:x', 'the image ghcr.io/acme/shop, tag x', 'reference'],
    ['(“acme/shop:x”)!', 'acme/shop:x', 'the image acme/shop, tag x', 'reference'],
    [`x@${digest}.`, `x@${digest}`, `the image x, digest ${digest}`, 'reference'],
    ['x:1.', 'x:1.', 'the image x, tag 1. (the full stop is part of the tag)', 'reference'],
    ['docker', 'docker', 'the image docker, without a tag', 'reference'],
    ['[::1]:5000/x', '[::1]:5000/x', 'the image [::1]:5000/x, without a tag', 'reference'],

    [
      'https://ghcr.io/acme/shop:x',
      'ghcr.io/acme/shop:x',
      'the registry address of ghcr.io/acme/shop, tag x',
      'address',
    ],
    [
      '<https://ghcr.io/acme/shop:x.>',
      'ghcr.io/acme/shop:x',
      'the registry address of ghcr.io/acme/shop, tag x',
      'address',
    ],
    [
      'https://GHCR.io:443/acme/shop/',
      'ghcr.io:443/acme/shop',
      'the registry address of ghcr.io:443/acme/shop, without a tag',
      'address',
    ],
    [
      `https://h.example/a/b@${digest}`,
      `h.example/a/b@${digest}`,
      `the registry address of h.example/a/b, digest ${digest}`,
      'address',
    ],
    ['http://localhost:5000/x:y', 'localhost:5000/x:y', 'the registry address of localhost:5000/x, tag y', 'address'],
    ['http://127.0.0.1:5000/x:y', '127.0.0.1:5000/x:y', 'the registry address of 127.0.0.1:5000/x, tag y', 'address'],
    ['http://[::1]:5000/x:y', '[::1]:5000/x:y', 'the registry address of [::1]:5000/x, tag y', 'address'],
    ['https://docker.io/library/x', 'x', 'the registry address of x, without a tag', 'address'],

    [
      'https://ghcr.io/v2/acme/shop/manifests/x',
      'ghcr.io/acme/shop:x',
      'the registry API address of ghcr.io/acme/shop, tag x',
      'address',
    ],
    [
      `http://localhost:5000/v2/shop/manifests/${digest}`,
      `localhost:5000/shop@${digest}`,
      `the registry API address of localhost:5000/shop, digest ${digest}`,
      'address',
    ],
    [
      `https://h.example/v2/a/manifests/${digest.replace(':', '%3A')}`,
      `h.example/a@${digest}`,
      `the registry API address of h.example/a, digest ${digest}`,
      'address',
    ],
    ['https://registry-1.docker.io/v2/library/x/manifests/1', 'x:1', 'the registry API address of x, tag 1', 'address'],

    [
      'https://github.com/orgs/Acme/packages/container/package/shop',
      'ghcr.io/acme/shop',
      'the GHCR package page of acme/shop, without a tag',
      'address',
    ],
    [
      'https://github.com/orgs/acme/packages/container/package/repo%2Fshop',
      'ghcr.io/acme/repo/shop',
      'the GHCR package page of acme/repo/shop, without a tag',
      'address',
    ],
    [
      'https://github.com/users/Jo/packages/container/shop/1234?tag=feature-x',
      'ghcr.io/jo/shop:feature-x',
      'the GHCR package page of jo/shop, tag feature-x',
      'address',
    ],
    [
      'https://github.com/acme/repo/pkgs/container/shop',
      'ghcr.io/acme/shop',
      'the GHCR package page of acme/shop, without a tag',
      'address',
    ],
    [
      'https://github.com/acme/repo/pkgs/container/shop/1234',
      'ghcr.io/acme/shop',
      'the GHCR package page of acme/shop, without a tag',
      'address',
    ],
    [
      'https://github.com/acme/repo/pkgs/container/a%2fb/1?x=1&tag=Y#top',
      'ghcr.io/acme/a/b:Y',
      'the GHCR package page of acme/a/b, tag Y',
      'address',
    ],
    [
      'https://github.com/acme/repo/pkgs/container/package/',
      'ghcr.io/acme/package',
      'the GHCR package page of acme/package, without a tag',
      'address',
    ],
    [
      'https://github.com/orgs/acme/packages/container/shop/versions',
      'ghcr.io/acme/shop',
      'the GHCR package page of acme/shop, without a tag',
      'address',
    ],

    ['https://hub.docker.com/r/acme/shop', 'acme/shop', 'the Docker Hub page of acme/shop, without a tag', 'address'],
    [
      'https://hub.docker.com/r/acme/shop/tags?page=1',
      'acme/shop',
      'the Docker Hub page of acme/shop, without a tag',
      'address',
    ],
    ['https://hub.docker.com/_/busybox/', 'busybox', 'the Docker Hub page of busybox, without a tag', 'address'],
    [
      'https://hub.docker.com/layers/acme/shop/x/images/sha256-00',
      'acme/shop:x',
      'the Docker Hub page of acme/shop, tag x',
      'address',
    ],

    ['oci://ghcr.io/acme/shop:x', 'ghcr.io/acme/shop:x', 'the oci address of ghcr.io/acme/shop, tag x', 'address'],
    ['docker://busybox', 'busybox', 'the docker address of busybox, without a tag', 'address'],
    [`docker://x@${digest}`, `x@${digest}`, `the docker address of x, digest ${digest}`, 'address'],

    [
      'docker pull ghcr.io/acme/shop:x',
      'ghcr.io/acme/shop:x',
      'the docker pull line of the image ghcr.io/acme/shop, tag x',
      'command',
    ],
    [
      '$ docker  pull -q x:y',
      'x:y',
      'the docker pull line of the image x, tag y (its options are left out)',
      'command',
    ],
    [
      '`$ sudo docker --context c image pull --platform linux/amd64 "x:y"`.',
      'x:y',
      'the docker image pull line of the image x, tag y (its options are left out)',
      'command',
    ],
    [
      'docker pull --platform=linux/arm64 x',
      'x',
      'the docker pull line of the image x, without a tag (its options are left out)',
      'command',
    ],
    [
      'podman pull --tls-verify=false localhost:5000/x:y',
      'localhost:5000/x:y',
      'the podman pull line of the image localhost:5000/x, tag y (its options are left out)',
      'command',
    ],
    [
      'keg docker package run ghcr.io/acme/shop:x',
      'ghcr.io/acme/shop:x',
      'the keg docker package run line of the image ghcr.io/acme/shop, tag x',
      'command',
    ],
    [
      'keg dpg run -p8080:80 -e "A=b c" x:y --rm -- sh -c ls',
      'x:y',
      'the keg dpg run line of the image x, tag y (its options are left out)',
      'command',
    ],
    [
      'keg dpg run https://ghcr.io/a/b:c',
      'ghcr.io/a/b:c',
      'the keg dpg run line of the registry address of ghcr.io/a/b, tag c',
      'command',
    ],
  ]
  for (const [text, reference, understood, kind] of table) {
    it(`understands ${JSON.stringify(text)}`, () => {
      const found = understandReference(text)
      expect(formatReference(found.reference)).to.equal(reference)
      expect(found.understood).to.equal(understood)
      expect(found.kind).to.equal(kind)
    })
  }

  const illegal: [text: string, position: number, saying: RegExp][] = [
    ['', 1, /missing/],
    ['  ', 3, /missing/],
    ['  ``', 5, /missing/],
    ['  Shop', 3, /upper case/],
    ['`ghcr.io/acme/Shop:x`', 15, /"S"/],
    ['acme/shop:$TAG', 11, /"\$"/],
    ['my app', 3, /" "/],
    ['x:1\ny:2', 4, /U\+000A/],
    ['-x', 1, /"-"/],
    ['x：y', 2, /U\+FF1A/],

    ['https://user:s3cret@ghcr.io/a/b', 9, /password/],
    ['https://s3cret@ghcr.io/a/b', 9, /user name/],
    ['docker pull https://user:s3cret@ghcr.io/a/b', 21, /password/],
    ['oci://user:s3cret@ghcr.io/a/b', 7, /password/],
    ['docker pull user:s3cret@ghcr.io/a/b', 13, /password/],
    ['podman pull --creds user:s3cret x y', 35, /second word/],

    ['https://ghcr.io/a/b?x=1', 20, /query/],
    ['https://ghcr.io/a/b#top', 20, /fragment/],
    ['https://ghcr.io', 16, /no image/],
    ['https://ghcr.io:5000', 21, /no image/],
    ['https://ghcr.io/', 17, /missing/],
    ['https://', 9, /missing/],
    ['https:///x', 9, /missing/],
    ['https://registry/x', 9, /"\."/],
    ['https://host:99999/x', 14, /65535/],
    ['https://ghcr.io/a/B', 19, /"B"/],
    ['https://ghcr.io/a/../b', 19, /"\."/],
    ['https://ghcr.io/a:x:y', 20, /":"/],
    ['http://ghcr.io/a/b', 1, /this machine/],
    ['http://127.0.0.1.example.com/a/b', 1, /this machine/],
    ['ftp://ghcr.io/a/b', 1, /scheme/],
    ['https://ghcr.io/v2/', 20, /manifests/],
    ['https://ghcr.io/v2/a/tags/list', 20, /manifests/],
    ['https://ghcr.io/v2/A/manifests/x', 20, /"A"/],
    ['https://ghcr.io/v2/a/manifests/', 32, /tag is missing/],
    ['https://ghcr.io/v2/a/manifests/sha256:00', 41, /64/],
    ['https://ghcr.io/v2/a/manifests/x%3Fy', 33, /algorithm|"\?"/],

    ['https://github.com/acme/repo/pull/1', 19, /package/],
    ['https://github.com/acme', 19, /package/],
    ['https://github.com', 19, /no image/],
    ['https://github.com/acme/repo/pkgs/container', 44, /missing/],
    ['https://github.com/acme/repo/pkgs/container/a%2F%2Fb', 49, /missing/],
    ['https://github.com/acme/repo/pkgs/container/a%00b', 46, /U\+0000/],
    ['https://github.com/acme/repo/pkgs/container/a%C3%A9', 46, /"%"/],
    ['https://github.com/acme/repo/pkgs/container/a/1/x', 49, /address of a package page/],
    ['https://github.com/acme/repo/pkgs/container/a?tag=b%2Fc', 52, /"\/"/],
    ['https://github.com/acme/repo/pkgs/container/a?tag=', 51, /tag is missing/],
    ['https://github.com/a%2Fb/repo/pkgs/container/a', 21, /"%"/],
    ['https://hub.docker.com/u/acme', 23, /Docker Hub/],
    ['https://hub.docker.com/r/acme', 30, /missing/],
    ['https://hub.docker.com/r/acme/shop/x', 36, /address of an image page/],
    ['https://hub.docker.com/layers/acme/shop', 40, /tag is missing/],

    ['docker pull', 12, /no image/],
    ['docker pull Shop', 13, /"S"/],
    ['docker pull "Shop"', 14, /"S"/],
    ['docker pull x y', 15, /second word/],
    ['docker pull x && docker run x', 15, /second word/],
    ['docker pull --nope x', 13, /option/],
    ['docker pull -a x', 13, /option/],
    ['docker run -it x', 8, /run line/],
    ['docker run x:y', 8, /run line/],
    ['docker image ls', 14, /understood/],
    ['docker image --', 16, /understood/],
    ['keg dpg x', 9, /understood/],
    ['keg dpg run -- x', 17, /no image/],
    ['rm -rf /', 3, /" "/],
  ]
  for (const [text, position, saying] of illegal) {
    it(`refuses ${JSON.stringify(text)} at position ${position}`, () => {
      const {error, position: found} = refused(() => understandReference(text))
      expect(error.code).to.equal('reference-invalid')
      expect(error.message).to.match(saying)
      expect(error.message + (error.hint ?? '')).not.to.contain('s3cret')
      expect(found).to.equal(position)
    })
  }

  it('says what to do with a docker run line, a password and another kind of page', () => {
    expect(refused(() => understandReference('docker run -p 80:80 x')).error.hint).to.contain('keg docker package run')
    expect(refused(() => understandReference('https://u:p@h.example/x')).error.hint).to.contain('docker login')
    expect(refused(() => understandReference('https://github.com/a/b/pull/1')).error.hint).to.contain('Packages')
  })

  it('refuses long nonsense quickly', () => {
    for (const unit of ['"', '.', '-', '@', ':@', '://', '(']) {
      refused(() => understandReference(`x${unit.repeat(100_000)}x`))
      refused(() => understandReference(`docker pull x${unit.repeat(100_000)} x`))
    }
  })

  it('accepts every valid reference unchanged', () => {
    fc.assert(
      fc.property(writtenReference, ({text}) => {
        const {reference, kind} = understandReference(text)
        expect(reference).to.deep.equal(parseReference(text))
        expect(kind).to.equal('reference')
      }),
      {numRuns: 500},
    )
  })

  it('finds the same reference in an address, a command and in quotes', () => {
    fc.assert(
      fc.property(
        writtenReference.filter(
          ({host, tag}) => host?.includes('.') === true && host === host.toLowerCase() && !tag?.endsWith('.'),
        ),
        ({text}) => {
          const expected = parseReference(text)
          for (const pasted of [`oci://${text}`, `docker pull ${text}`, `keg dpg run ${text} -d`, `\`${text}\`.`]) {
            expect(understandReference(pasted).reference).to.deep.equal(expected)
          }
        },
      ),
    )
  })

  it('throws only usage errors with a position in the text, and prints no control characters', () => {
    const around = fc.constantFrom(
      ...['', 'https://', 'http://localhost/', 'https://u:p@', 'docker pull ', 'keg dpg run ', 'oci://', '$ docker '],
      ...['https://github.com/acme/repo/pkgs/container/', 'https://hub.docker.com/r/', 'https://ghcr.io/v2/', '`"<'],
      ...['https://github.com/orgs/a/packages/container/', 'https://github.com/a/b/pkgs/container/c?tag='],
    )
    fc.assert(
      fc.property(around, anyText, around, (before, text, after) => {
        const pasted = before + text + after
        try {
          expect(understandReference(pasted).understood).to.match(/^[\x20-\x7e]+$/)
        } catch (error) {
          if (error instanceof Error && error.name === 'AssertionError') throw error
          const {error: usage, position} = refused(() => understandReference(pasted))
          expect(usage.code).to.equal('reference-invalid')
          expect(position).to.be.within(1, pasted.length + 1)
        }
      }),
      {numRuns: 3000},
    )
  })
})
