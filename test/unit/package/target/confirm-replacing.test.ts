import {expect} from 'chai'
import {missingInput, type Prompt} from '../../../../src/lib/terminal/prompt.js'
import {confirmReplacing, type TakenTag} from '../../../../src/lib/package/target/check-tags.js'
import {thrown} from '../../../support/thrown.js'

const taken: readonly TakenTag[] = [{reference: 'r.example/web:x', where: 'registry', holder: 'the package of db'}]

/** @param answer undefined without a terminal */
function answering(answer: boolean | undefined, asked: string[] = []): Prompt {
  const nobody = (question: string, {flag}: {flag: string}): Promise<never> =>
    Promise.reject(missingInput(question, flag))
  const confirm: Prompt['confirm'] = (question, options) => {
    asked.push(question)
    return answer === undefined ? nobody(question, options) : Promise.resolve(answer)
  }
  return {
    isInteractive: answer !== undefined,
    confirm,
    choose: (question, _, options) => nobody(question, options),
    text: nobody,
  }
}

describe('confirmReplacing', () => {
  it('does not ask if no tag is taken, or with --replace-tag', async () => {
    const asked: string[] = []
    await confirmReplacing({prompt: answering(false, asked)}, [], {replaceTag: false, dryRun: false})
    await confirmReplacing({prompt: answering(false, asked)}, taken, {replaceTag: true, dryRun: false})
    await confirmReplacing({prompt: answering(false, asked)}, taken, {replaceTag: false, dryRun: true})
    expect(asked).to.deep.equal([])
  })

  it("asks, and names the tag's owner", async () => {
    const asked: string[] = []
    await confirmReplacing({prompt: answering(true, asked)}, taken, {replaceTag: false, dryRun: false})
    expect(asked).to.deep.equal(['r.example/web:x in the registry is the package of db. Replace it?'])
  })

  it('refuses if the answer is no or without a prompt, in a dry run too', async () => {
    for (const [answer, dryRun] of [
      [false, false],
      [undefined, false],
      [undefined, true],
    ] as const) {
      const error = await thrown(confirmReplacing({prompt: answering(answer)}, taken, {replaceTag: false, dryRun}))
      expect(error).to.include({code: 'tag-taken', exitCode: 3})
      expect(error).to.have.property('hint').that.contains('--replace-tag')
      expect(error).to.have.property('data').that.deep.equals({taken})
    }
  })
})
