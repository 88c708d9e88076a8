// Starts and stops the bar and the browser. Nothing here waits for a fixed time: every condition is polled.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

// patience is the longest that anything may take, on a busy machine.
export const patience = 60_000

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

export const artifacts = new URL('./artifacts/', import.meta.url).pathname

// Bar is a server on its own file. It can be killed and restarted at the same address.
export class Bar {
  #dir = mkdtempSync(join(tmpdir(), 'coffeebar-'))
  #process
  #address = '127.0.0.1:0'

  static async open (...args) {
    const bar = new Bar()
    await bar.start(...args)
    return bar
  }

  get url () { return `http://${this.#address}` }

  async start (...args) {
    const file = join(this.#dir, 'bar.db')
    const child = spawn(process.env.COFFEEBAR, ['--db', file, '--addr', this.#address, ...args], {
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.#process = child
    const abandon = () => child.kill('SIGKILL') // tests that are interrupted leave no server
    process.once('exit', abandon)
    child.once('exit', () => process.off('exit', abandon))
    let said = ''
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the bar did not open: ${said}`)), patience)
      const hear = (data) => {
        said += data
        const found = said.match(/open at http:\/\/(\S+)/)
        if (!found) return
        this.#address = found[1]
        clearTimeout(late)
        resolve()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', (code) => { clearTimeout(late); reject(new Error(`the bar ended with ${code}: ${said}`)) })
    })
  }

  // kill ends the server with SIGKILL.
  async kill () { await this.#end('SIGKILL') }

  // close stops it gracefully, and deletes its file.
  async close () {
    const code = await this.#end('SIGTERM')
    rmSync(this.#dir, { recursive: true })
    if (code !== 0 && code !== null) throw new Error(`the bar ended with ${code}`)
  }

  #end (signal) {
    const child = this.#process
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    return new Promise((resolve) => {
      child.once('exit', resolve)
      child.kill(signal)
    })
  }
}

// launch starts Chromium with a new profile.
export function launch () {
  mkdirSync(artifacts, { recursive: true })
  return chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: flags, timeout: patience })
}

// enter opens a separate window, and signs in by clicking.
export async function enter (browser, bar, door, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  page.faults = []
  page.on('pageerror', (error) => page.faults.push(String(error)))
  await page.goto(bar.url)
  const form = page.getByRole('form', { name: door })
  if (door !== 'Display') await form.getByLabel('Your name').fill(name)
  await form.getByRole('button').click()
  await page.waitForURL(`${bar.url}/${door.toLowerCase()}`)
  return page
}

// order clicks through an order up to its drink, and returns what it is called.
export async function order (page, drink, ...options) {
  await begin(page)
  await choice(page, drink).click()
  const menu = page.locator('details[open]')
  for (const option of options) await menu.getByRole('radio', { name: option, exact: true }).check()
  await menu.getByRole('button', { name: `Order ${drink}` }).click()
  return await number(page)
}

// choice is a drink of the menu.
export const choice = (page, drink) => page.locator('summary').filter({ hasText: new RegExp(`^\\s*${drink}\\s*$`) })

// begin starts an order.
export async function begin (page) {
  await page.goto(new URL('/customer', page.url()).href)
  await page.getByRole('button', { name: 'Order a drink' }).click()
  await page.getByRole('heading', { name: 'What would you like?' }).waitFor()
}

// number waits until the order has one.
export async function number (page) {
  const shown = page.locator('.bignumber')
  await shown.filter({ hasText: /\d/ }).waitFor()
  return (await shown.innerText()).match(/\d+/)[0]
}

// heading waits for the page's heading of the order.
export const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor()

// act presses a barista's button for an order.
export const act = (page, label, number) => page.getByRole('button', { name: new RegExp(`^${label}: order ${number},`) })

// said waits for a message.
export const said = (page, text) => page.locator('#message').filter({ hasText: text }).waitFor()
