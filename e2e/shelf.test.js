// What stands ready is collected or cleared away; and the bar runs on a table of one's own.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Bar, act, enter, heading, launch, order, said } from './bar.js'

const table = (path) => ['--lifecycle', new URL(path, import.meta.url).pathname]

// at has a browser and a bar for one test.
const at = (what, args, run) => test(what, async () => {
  const [browser, bar] = [await launch(), await Bar.open(...args)]
  try {
    await run((...who) => enter(browser, bar, ...who), bar)
  } finally {
    await browser.close()
    await bar.close()
  }
})

const pickUp = (page) => page.getByRole('region', { name: /^Pick-up/ }).locator('.order')

for (const [whose, args, ready] of [
  ["the bar's own table", [], 'Ready'],
  ["a table of one's own", table('../examples/pickup/lifecycle.json'), 'Finish']
]) {
  at(`on ${whose}, what is ready is collected by its customer or handed over by any barista`, args, async (open) => {
    const [ada, mara] = [await open('Customer', 'Ada'), await open('Barista', 'Mara')]
    const noor = await open('Barista', 'Noor')
    const display = await open('Display')
    for (const collect of [
      () => ada.getByRole('button', { name: 'I have it' }).click(),
      async (n) => {
        await act(noor, 'Collected', n).click()
        await said(noor, `Order ${n} `)
      }
    ]) {
      const n = await order(ada, 'Latte', 'Oat')
      await act(mara, 'Make', n).click()
      await heading(ada, 'Mara is making it')
      await act(mara, ready, n).click()
      await heading(ada, 'Your drink is ready')
      await display.locator('.ready .n', { hasText: new RegExp(`^${n}$`) }).waitFor()
      assert.equal(await ada.getByRole('button', { name: 'Cancel this order' }).count(), 0)
      await act(noor, 'Collected', n).waitFor()
      await collect(n)
      await heading(ada, 'Collected')
      await pickUp(mara).waitFor({ state: 'detached' })
      await display.locator('.ready .n').waitFor({ state: 'detached' })
    }
    for (const page of [ada, mara, noor, display]) assert.deepEqual(page.faults, [])
  })
}

at('what nobody collects is cleared away', ['--shelf-timeout', '2s'], async (open, bar) => {
  const [ada, mara] = [await open('Customer', 'Ada'), await open('Barista', 'Mara')]
  const n = await order(ada, 'Espresso')
  await act(mara, 'Make', n).click()
  await act(mara, 'Ready', n).click()
  await heading(ada, 'Not collected')
  await ada.getByText('It stood for too long').waitFor()
  await pickUp(mara).waitFor({ state: 'detached' })
  const manager = await open('Manager', 'Lee')
  await manager.goto(ada.url().replace('/customer/', '/manager/'))
  await manager.getByText('Cleared it away').waitFor()
})

const standard = [...table('../examples/coffeebar/testdata/standard.json'), '--shelf-timeout', '3s']

at('on the standard table, what was made leaves the pick-up by itself', standard, async (open) => {
  const [ada, mara] = [await open('Customer', 'Ada'), await open('Barista', 'Mara')]
  const n = await order(ada, 'Espresso')
  await act(mara, 'Make', n).click()
  await act(mara, 'Ready', n).click()
  await heading(ada, 'Your drink is ready')
  await pickUp(mara).waitFor()
  await pickUp(mara).waitFor({ state: 'detached' })
})
