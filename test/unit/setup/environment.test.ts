import {expect} from 'chai'
import {withoutForeignSettings} from '../../../scripts/setup/environment.js'

describe('withoutForeignSettings', () => {
  it("removes the user's settings of keg, and branches as CI systems name them", () => {
    const removed = {
      KEG_REGISTRY: 'r',
      KEG_TAG: 't',
      DOC_APP_PATH: '/app',
      CI: 'true',
      GITHUB_HEAD_REF: 'b',
      GITHUB_REF_NAME: 'b',
      CI_COMMIT_REF_NAME: 'b',
      BRANCH_NAME: 'b',
      GIT_DIR: '/elsewhere/.git',
      DOCKER_CONTEXT: 'far',
      XDG_CONFIG_HOME: '/home/ada/.config',
    }
    expect(withoutForeignSettings(removed)).to.deep.equal({})
  })

  it('keeps what leads to programs and to the engine', () => {
    const kept = {PATH: '/bin', DOCKER_HOST: 'unix:///run/other.sock', HTTP_PROXY: 'http://proxy', TERM: 'xterm'}
    expect(withoutForeignSettings(kept)).to.deep.equal(kept)
  })
})
