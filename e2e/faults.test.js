import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Bar, act, begin, enter, heading, launch, order, said } from './bar.js'

test('an order for which no drink is chosen in time is given up, and the page says so', async () => {
  const [browser, bar] = [await launch(), await Bar.open('--drink-timeout', '4s')]
  try {
    const page = await enter(browser, bar, 'Customer', 'Ada')
    await begin(page)
    await heading(page, 'Cancelled')
    await page.getByText('No drink was chosen in time.').waitFor()
    assert.deepEqual(page.faults, [])
  } finally {
    await browser.close()
    await bar.close()
  }
})

test('an order that nobody makes in time is given up, and the page says so', async () => {
  const [browser, bar] = [await launch(), await Bar.open('--completion-timeout', '4s')]
  try {
    const page = await enter(browser, bar, 'Customer', 'Ada')
    await order(page, 'Latte')
    await heading(page, 'Cancelled')
    await page.getByText('It could not be made in time.').waitFor()
  } finally {
    await browser.close()
    await bar.close()
  }
})

test('the server is killed in the middle, and every page recovers by itself', async () => {
  const [browser, bar] = [await launch(), await Bar.open()]
  try {
    const [ada, mara] = [await enter(browser, bar, 'Customer', 'Ada'), await enter(browser, bar, 'Barista', 'Mara')]
    const n = await order(ada, 'Latte', 'Oat')
    await act(mara, 'Make', n).click()
    await heading(ada, 'Mara is making it')

    await bar.kill()
    const lost = 'The connection to the bar is lost'
    await ada.locator('#offline', { hasText: lost }).waitFor()
    await act(mara, 'Ready', n).click()
    await said(mara, 'That did not reach the bar')

    await bar.start()
    await ada.locator('#offline', { hasText: lost }).waitFor({ state: 'detached' })
    await mara.locator('#offline', { hasText: lost }).waitFor({ state: 'detached' })
    await heading(ada, 'Mara is making it')
    await act(mara, 'Ready', n).click()
    await heading(ada, 'Your drink is ready') // by the stream that was opened anew
    for (const page of [ada, mara]) assert.deepEqual(page.faults, [])
  } finally {
    await browser.close()
    await bar.close()
  }
})
