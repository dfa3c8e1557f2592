import {expect} from 'chai'
import {valueProblem} from '../../../../src/lib/config/schema/check-value.js'
import {findDefinition} from '../../../../src/lib/config/schema/find-definition.js'
import {isForeignName, isOwnName} from '../../../../src/lib/config/schema/foreign-names.js'
import {isSecretName} from '../../../../src/lib/config/schema/secret-names.js'
import {KNOWN_VALUES, VALUE_GROUPS} from '../../../../src/lib/config/schema/known-values.js'

describe('schema of all values', () => {
  /** The values in taps written for older versions of keg. */
  const before = [
    ['KEG_BASE_IMAGE', 'KEG_IMAGE_FROM', 'KEG_IMAGE_TAG', 'KEG_FROM_BASE', 'KEG_BUILD_TYPE', 'KEG_COPY_LOCAL'],
    ['KEG_AUTO_SYNC', 'KEG_AUTO_DOCKER_EXEC', 'KEG_USE_PROXY', 'KEG_EXEC_CMD', 'KEG_DOCKER_EXEC', 'KEG_NM_INSTALL'],
    ['KEG_CONTEXT_PATH', 'KEG_CONTAINER_PATH', 'KEG_DOCKER_FILE', 'KEG_VALUES_FILE', 'KEG_MUTAGEN_FILE'],
    ['KEG_COMPOSE_DEFAULT', 'KEG_COMPOSE_REPO', 'KEG_COMPOSE_SERVICE', 'KEG_NO_INJECTED_COMPOSE'],
    ['KEG_COMPOSE_LOCAL', 'KEG_COMPOSE_EVF', 'KEG_COMPOSE_EVF_LOCAL'],
    ['KEG_PROXY_HOST', 'KEG_PROXY_PORT', 'KEG_PROXY_ENTRY', 'KEG_PROXY_DOMAIN', 'KEG_DOCKER_NETWORK'],
    ['KEG_IMAGE_PULL_POLICY', 'DOC_APP_PATH', 'DOC_BUILD_PATH', 'DOC_CORE_PATH', 'CORE_PATH'],
    ['IMAGE', 'CONTAINER_NAME', 'VERSION', 'COMPOSE_PROJECT_NAME', 'GIT_APP_URL', 'GIT_APP_BRANCH', 'GIT_TAP_URL'],
    ['GIT_TAP_BRANCH', 'GIT_KEY', 'PUBLIC_GIT_KEY', 'KEG_GLOBAL_CONFIG', 'KEG_DEFAULT_ENV', 'KEG_DOCKER_MACHINE'],
    ['KEG_CLI_PATH', 'KEG_BUILD_PLATFORMS', 'KEG_DOC_BUILDX'],
  ].flat()

  for (const name of before)
    it(`knows ${name}`, () => {
      expect(findDefinition(name)?.meaning).to.match(/\.$/)
    })

  it('knows the new ones', () => {
    for (const name of ['KEG_ENV', 'KEG_REGISTRY', 'KEG_TAG', 'KEG_BRANCH']) expect(findDefinition(name), name).to.exist
  })

  it('has each name once, with one sentence, a valid default, and a reader unless it is no longer used', () => {
    expect(new Set(KNOWN_VALUES.map(({name}) => name)).size).to.equal(KNOWN_VALUES.length)
    for (const definition of KNOWN_VALUES) {
      const {choices, default: text, meaning, name, readBy, type} = definition
      expect(meaning, name).to.match(/^[A-Z].*[^.]\.$/)
      expect(text === undefined ? undefined : valueProblem(definition, text), name).to.equal(undefined)
      expect(readBy.length === 0, name).to.equal(meaning.startsWith('No longer used'))
      expect(definition.isSecret === true, name).to.equal(isSecretName(name))
      expect(choices === undefined, name).to.equal(type !== 'choice')
    }
    expect(VALUE_GROUPS.flatMap(({definitions}) => definitions)).to.deep.equal(KNOWN_VALUES)
  })

  it('accepts the local path of a dependency only beside its path in the container', () => {
    const isThere = (name: string) => name === 'DOC_CORE_PATH'
    expect(findDefinition('CORE_PATH', isThere)?.name).to.equal('<DEP>_PATH')
    expect(findDefinition('NODE_PATH', isThere)).to.equal(undefined)
    expect(findDefinition('DOC_CORE_PATH', isThere)?.name).to.equal('DOC_<DEP>_PATH')
    expect(findDefinition('DOC_APP_PATH', isThere)?.name).to.equal('DOC_APP_PATH')
  })

  it('leaves oclif’s names to oclif, and all but KEG_* and DOC_* to other programs', () => {
    for (const name of [
      'KEG_DATA_DIR',
      'KEG_CONFIG_DIR',
      'KEG_CACHE_DIR',
      'KEG_DEBUG',
      'KEG_NPM_REGISTRY',
      'KEG_RESOLVED',
    ]) {
      expect(isForeignName(name), name).to.equal(true)
      expect(isOwnName(name), name).to.equal(false)
      expect(findDefinition(name), name).to.equal(undefined)
    }
    expect(['KEG_IMAGE_FROM', 'DOC_APP_PATH'].map(isOwnName)).to.deep.equal([true, true])
    expect(['IMAGE', 'PATH', 'KEG_', 'XKEG_A'].map(isOwnName)).to.deep.equal([false, false, false, false])
    expect(KNOWN_VALUES.filter(({name}) => isForeignName(name))).to.deep.equal([])
  })
})
