// The bar on a phone.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { Bar, act, begin, choice, enter, launch, number, said } from './bar.js'

let browser, bar
before(async () => {
  browser = await launch()
  bar = await Bar.open('--seed')
})
after(async () => {
  await browser?.close()
  await bar?.close()
})

// As wide as a name can be.
const longest = 'W'.repeat(24)

const fits = async (page, what) => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${what} is ${wide} pixels wider than the window`)
}

for (const width of [320, 390]) {
  const phone = { viewport: { width, height: 700 } }

  test(`the longest name fits at ${width} pixels, wherever it is shown`, async () => {
    const guest = await enter(browser, bar, 'Customer', longest, phone)
    const barista = await enter(browser, bar, 'Barista', longest, phone)
    const manager = await enter(browser, bar, 'Manager', longest, phone)
    const display = await enter(browser, bar, 'Display', '', phone)
    const pages = { guest, barista, manager, display }
    const all = async (what) => { for (const [who, page] of Object.entries(pages)) await fits(page, `${who}, ${what}`) }
    await fits(guest, 'guest')
    await begin(guest)
    await manager.locator('.lines a', { hasText: longest }).first().waitFor()
    await all('no drink yet')
    await choice(guest, 'Hot Chocolate').click()
    await guest.getByRole('button', { name: 'Order Hot Chocolate' }).click()
    const n = await number(guest)
    await act(barista, 'Make', n).waitFor()
    await all('in the queue')
    await act(barista, 'Make', n).click()
    await guest.getByRole('heading', { name: `${longest} is making it` }).waitFor()
    await all('being made')
    await act(barista, 'Ready', n).click()
    await said(barista, `Order ${n} is ready.`)
    await manager.goto(new URL(guest.url()).href.replace('/customer/', '/manager/'))
    await all('ready')
    await Promise.all(Object.values(pages).map((page) => page.context().close()))
  })

  test(`what a barista holds comes first at ${width} pixels, and what was just taken is in sight`, async () => {
    const mara = await enter(browser, bar, 'Barista', 'Mara', phone)
    const top = async (name) => (await mara.getByRole('heading', { name }).boundingBox()).y
    assert.ok(await top(/^Mine/) < await top(/^Queue/), 'the queue comes first')
    const last = mara.locator('.pending').last()
    const id = await last.getAttribute('id')
    await last.getByRole('button', { name: 'Make' }).click()
    const ready = mara.locator(`#${id}`).getByRole('button', { name: 'Ready' })
    await ready.waitFor()
    await mara.waitForFunction((id) => document.activeElement.id === id, id)
    const { y, height } = await ready.boundingBox()
    assert.ok(y >= 0 && y + height <= 700, `Ready is at ${y}`)
    await mara.locator(`#${id}`).getByRole('button', { name: 'Put back' }).click()
    await mara.locator(`#${id}.pending`).waitFor()
    await mara.context().close()
  })

  test(`the diagram shows every state at ${width} pixels`, async () => {
    const manager = await enter(browser, bar, 'Manager', 'Lee', phone)
    const states = manager.locator('.diagram .state')
    assert.equal(await states.count(), 6)
    for (const state of await states.all()) {
      const { x, width: wide } = await state.boundingBox()
      assert.ok(x >= 0 && x + wide <= width, `a state is at ${x} to ${x + wide}`)
    }
    await manager.context().close()
  })
}
