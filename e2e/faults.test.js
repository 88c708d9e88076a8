import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Bar, act, begin, choice, enter, heading, launch, number, order, said } from './bar.js'

test('an order for which no drink is chosen in time is given up, and the page says so', async () => {
  const [browser, bar] = [await launch(), await Bar.open('--drink-timeout', '4s')]
  try {
    const page = await enter(browser, bar, 'Customer', 'Ada')
    await begin(page)
    await heading(page, 'Cancelled')
    await page.getByText('No drink was chosen in time').waitFor()
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
    await page.getByText('It could not be made in time').waitFor()
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

test('what a customer asks for while the server is away leaves the page where it is, and is done once', async () => {
  const [browser, bar] = [await launch(), await Bar.open()]
  try {
    const page = await enter(browser, bar, 'Customer', 'Ada')
    const start = page.getByRole('button', { name: 'Order a drink' })
    await bar.kill()
    await start.click()
    await said(page, 'That did not reach the bar')
    await page.locator('#offline', { hasText: 'The connection to the bar is lost' }).waitFor()
    await bar.start()
    await start.click()
    await heading(page, 'What would you like?')

    await choice(page, 'Latte').click()
    await page.getByRole('radio', { name: 'Oat', exact: true }).check()
    await bar.kill()
    await page.getByRole('button', { name: 'Order Latte' }).click()
    await said(page, 'That did not reach the bar')
    await page.getByRole('link', { name: 'Your orders' }).click()
    await said(page, 'The bar cannot be reached')
    await bar.start()
    await page.getByRole('button', { name: 'Order Latte' }).click() // what was chosen is chosen still
    await number(page)
    await page.getByText('Latte · Oat').waitFor()

    await bar.kill()
    await page.getByRole('button', { name: 'Leave' }).click()
    await said(page, 'That did not reach the bar')
    await bar.start()
    await page.locator('#offline:empty').waitFor({ state: 'attached' })
    await page.getByRole('link', { name: 'Your orders' }).click()
    await page.locator('.order').waitFor()
    assert.equal(await page.locator('.order').count(), 1)
    assert.deepEqual(page.faults, [])
  } finally {
    await browser.close()
    await bar.close()
  }
})

test('a name that does not reach the server can be sent again', async () => {
  const [browser, bar] = [await launch(), await Bar.open()]
  try {
    const page = await browser.newPage()
    await page.goto(bar.url)
    const form = page.getByRole('form', { name: 'Barista' })
    await form.getByLabel('Your name').fill('Mara')
    await bar.kill()
    await form.getByRole('button').click()
    await said(page, 'That did not reach the bar')
    await bar.start()
    await form.getByRole('button').click()
    await page.waitForURL(`${bar.url}/barista`)
  } finally {
    await browser.close()
    await bar.close()
  }
})

test('a browser with many pages of the bar open can still order', async () => {
  const [browser, bar] = [await launch(), await Bar.open()]
  try {
    const page = await enter(browser, bar, 'Customer', 'Ada')
    // Only the page in front is seen. Chromium shows a test all pages, so the others are told what they would be told.
    for (let i = 0; i < 8; i++) {
      const behind = await page.context().newPage()
      await behind.goto(`${bar.url}/customer`)
      await behind.getByRole('heading', { name: 'Hello, Ada' }).waitFor()
      await behind.evaluate(() => {
        Object.defineProperty(document, 'hidden', { value: true })
        document.dispatchEvent(new Event('visibilitychange'))
      })
    }
    await order(page, 'Latte')
  } finally {
    await browser.close()
    await bar.close()
  }
})
