import {expect} from 'chai'
import {isStaticProgram} from '../../../scripts/setup/image.js'

/** The start of a 64-bit ELF file with program headers of the given types. */
function program(...types: number[]): Buffer {
  const file = Buffer.alloc(64 + 56 * types.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(types.length, 56)
  for (const [index, type] of types.entries()) file.writeUInt32LE(type, 64 + 56 * index)
  return file
}

describe('isStaticProgram', () => {
  it('accepts a program without an interpreter', () => {
    expect(isStaticProgram(program(1, 4))).to.equal(true)
  })

  it('refuses a program that needs the dynamic loader, and other files', () => {
    expect(isStaticProgram(program(6, 3, 1))).to.equal(false)
    expect(isStaticProgram(Buffer.from('#!/bin/sh\n'.padEnd(100, '#')))).to.equal(false)
    expect(isStaticProgram(Buffer.alloc(0))).to.equal(false)
  })
})
