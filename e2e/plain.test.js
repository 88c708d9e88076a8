// The bar without JavaScript: everything works by plain forms.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { Bar, act, enter, heading, launch, number, said } from './bar.js'

const plain = { javaScriptEnabled: false }

let browser, bar
before(async () => {
  browser = await launch()
  bar = await Bar.open()
})
after(async () => {
  await browser?.close()
  await bar?.close()
})

const start = (page) => page.getByRole('button', { name: 'Order a drink' }).click()

test('a whole order', async () => {
  const ada = await enter(browser, bar, 'Customer', 'Ada', plain)
  const mara = await enter(browser, bar, 'Barista', 'Mara', plain)
  await start(ada)
  await heading(ada, 'What would you like?')
  await ada.locator('summary', { hasText: 'Espresso' }).click()
  await ada.getByRole('radio', { name: 'Double', exact: true }).check()
  await ada.getByRole('button', { name: 'Order Espresso' }).click()
  await ada.getByText('Espresso · Double').waitFor()
  await ada.reload() // the number is given when the workflow has gone on
  const n = await number(ada)
  await mara.reload()
  await act(mara, 'Make', n).click()
  await said(mara, `Order ${n} is yours.`)
  await act(mara, 'Ready', n).click()
  await said(mara, `Order ${n} is ready.`)
  await ada.reload()
  await heading(ada, 'Your drink is ready')
  await Promise.all([ada, mara].map((page) => page.context().close()))
})

test('a page that shows a refusal can be loaded again', async () => {
  const bela = await enter(browser, bar, 'Customer', 'Bela', plain)
  for (let i = 0; i < 3; i++) {
    await start(bela)
    await heading(bela, 'What would you like?')
    await bela.goto(`${bar.url}/customer`)
  }
  await start(bela)
  await said(bela, 'You have 3 orders already.')
  const answer = await bela.goto(bela.url())
  assert.equal(answer.status(), 200)
  await heading(bela, 'Hello, Bela')
  assert.equal(bela.url(), `${bar.url}/customer`)
  await bela.context().close()
})
