import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Bar, artifacts, begin, choice, enter, launch, patience } from './bar.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser, bar, empty
before(async () => {
  browser = await launch()
  bar = await Bar.open('--seed')
  empty = await Bar.open()
})
after(async () => {
  await browser?.close()
  await bar?.close()
  await empty?.close()
})

// inspect keeps a picture of the page and lets axe look for what keeps people out.
const inspect = async (page, name) => {
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: `${artifacts}${name}.png`, fullPage: true })
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run())
  const faults = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  assert.deepEqual(faults.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`) })), [], name)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`)
  assert.deepEqual(page.faults ?? [], [])
}

const looks = [
  { name: 'light', colorScheme: 'light' },
  { name: 'dark', colorScheme: 'dark' },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 } }
]

for (const { name: look, ...options } of looks) {
  test(`nothing keeps anybody out, and everything fits, in ${look}`, async () => {
    const shown = async (door, name, pages) => {
      const page = await enter(browser, bar, door, name, options)
      for (const [title, visit] of Object.entries(pages)) {
        await visit(page)
        await inspect(page, `${title}-${look}`)
      }
      await page.context().close()
    }
    const at = (path) => (page) => page.goto(bar.url + path)
    const context = await browser.newContext(options)
    context.setDefaultTimeout(patience)
    const entrance = await context.newPage()
    for (const [title, path] of [['entrance', '/'], ['sign-in', '/barista'], ['problem', '/nowhere']]) {
      await entrance.goto(bar.url + path)
      await inspect(entrance, `${title}-${look}`)
    }
    await context.close()
    await shown('Customer', 'Ada', {
      customer: at('/customer'),
      making: at('/customer/orders/demo-21'),
      ready: at('/customer/orders/demo-11'),
      choosing: async (page) => {
        await begin(page)
        await choice(page, 'Latte').click()
      },
      cancelled: async (page) => {
        await page.getByRole('button', { name: 'Cancel this order' }).click()
        await page.getByRole('heading', { name: 'Cancelled' }).waitFor()
      }
    })
    await shown('Barista', 'Mara', {
      barista: async (page) => { await page.locator('.order.pending').first().waitFor() },
      'barista-cancels': (page) => page.getByText('Cancel…').first().click()
    })
    await shown('Manager', 'Lee', {
      manager: async () => {},
      table: (page) => page.getByText('As a table').click(),
      timeline: at('/manager/orders/demo-03')
    })
    await shown('Display', '', { display: async () => {} })
    for (const [door, name] of [['Customer', 'Ada'], ['Barista', 'Mara'], ['Manager', 'Lee'], ['Display', '']]) {
      const page = await enter(browser, empty, door, name, options)
      await inspect(page, `${door.toLowerCase()}-empty-${look}`)
      await page.context().close()
    }
  })
}
