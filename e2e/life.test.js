import { after, afterEach, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { Bar, act, begin, choice, enter, heading, launch, number, order, said } from './bar.js'

let browser, bar, windows
before(async () => {
  browser = await launch()
  bar = await Bar.open()
})
after(async () => {
  await browser?.close()
  await bar?.close()
})

// Everybody gets a window of their own, and no window may have had a fault.
windows = []
const open = async (...args) => {
  const page = await enter(browser, bar, ...args)
  windows.push(page)
  return page
}
afterEach(async () => {
  for (const page of windows.splice(0)) {
    assert.deepEqual(page.faults, [])
    await page.context().close()
  }
})

// settled reads on the manager's pages that the order's workflow has ended in the stage and that nothing is owed or left to be told.
const settled = async (id, stage) => {
  const manager = await open('Manager', 'Lee')
  await manager.goto(`${bar.url}/manager/orders/${id}`)
  await manager.locator('dd').filter({ hasText: new RegExp(`^${stage}$`) }).waitFor()
  await manager.locator('dt', { hasText: 'Still to be told' }).locator('+ dd').filter({ hasText: 'nothing' }).waitFor()
  await manager.locator('dt', { hasText: 'Owes an answer' }).locator('+ dd').filter({ hasText: 'no' }).waitFor()
}
const idOf = (page) => new URL(page.url()).pathname.split('/').at(-1)

test('a whole order by clicking, seen live by everybody', async () => {
  const [ada, mara, display] = [await open('Customer', 'Ada'), await open('Barista', 'Mara'), await open('Display')]
  const n = await order(ada, 'Latte', 'Oat', 'Vanilla')
  await ada.getByText('Latte · Oat · Vanilla').waitFor()
  await display.locator('.queue .n', { hasText: new RegExp(`^${n}$`) }).waitFor()

  await act(mara, 'Make', n).click()
  await heading(ada, 'Mara is making it')
  await display.locator('.making .n', { hasText: new RegExp(`^${n}$`) }).waitFor()

  await act(mara, 'Put back', n).click()
  await heading(ada, 'In the queue')
  await act(mara, 'Make', n).click()
  await act(mara, 'Ready', n).click()
  await said(mara, `Order ${n} is ready.`)
  await heading(ada, 'Your drink is ready')
  await display.locator('.ready .n', { hasText: new RegExp(`^${n}$`) }).waitFor()
  await settled(idOf(ada), 'finished')
})

test('a whole order with the keyboard alone', async () => {
  const page = await open('Customer', 'Kim')
  await page.locator('#start').focus()
  await page.keyboard.press('Enter')
  await heading(page, 'What would you like?')
  const reach = async (wanted) => {
    for (let i = 0; i < 60; i++) {
      if (await page.evaluate((wanted) => document.activeElement.textContent.trim() === wanted || document.activeElement.value === wanted, wanted)) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`${wanted} cannot be reached with the tabulator`)
  }
  await reach('Espresso')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown') // from "as it comes" to "Double"
  await reach('Order Espresso')
  await page.keyboard.press('Enter')
  await number(page)
  await page.getByText('Espresso · Double').waitFor()
  await reach('Cancel this order')
  await page.keyboard.press('Enter')
  await heading(page, 'Cancelled')
})

test('of two baristas who press at once one gets the order', async () => {
  const ada = await open('Customer', 'Bela')
  const n = await order(ada, 'Mocha')
  const baristas = [await open('Barista', 'Mara'), await open('Barista', 'Noor')]
  for (const page of baristas) await act(page, 'Make', n).waitFor()
  const press = (page) => act(page, 'Make', n).click({ timeout: 5000 }).catch(() => { /* the other was faster, and it shows */ })
  await Promise.all(baristas.map(press))
  await ada.getByRole('heading', { name: /is making it/ }).waitFor()
  const held = []
  for (const page of baristas) {
    await page.locator(`#order-${idOf(ada)}.making, #order-${idOf(ada)}.other`).waitFor()
    held.push(await act(page, 'Ready', n).count())
  }
  assert.deepEqual(held.sort(), [0, 1])
})

test('a barista whose page is behind learns who was faster', async () => {
  const ada = await open('Customer', 'Chidi')
  const n = await order(ada, 'Cappuccino')
  const [mara, noor] = [await open('Barista', 'Mara'), await open('Barista', 'Noor')]
  await act(noor, 'Make', n).waitFor()
  // From here on Noor's page is not rendered again, but what is pressed is sent.
  await noor.route('**/barista', (route) => route.request().method() === 'GET' ? route.abort() : route.continue())
  await act(mara, 'Make', n).click()
  await heading(ada, 'Mara is making it')
  await act(noor, 'Make', n).click()
  await said(noor, `Mara was faster and is making order ${n}.`)
  await noor.getByRole('heading', { name: 'Being made by others' }).waitFor()
})

test('a customer cancels before a drink was chosen', async () => {
  const page = await open('Customer', 'Dana')
  await begin(page)
  await page.getByRole('button', { name: 'Cancel this order' }).click()
  await heading(page, 'Cancelled')
  await said(page, 'Your order is cancelled.')
  await settled(idOf(page), 'cancelled')
})

test('a customer cancels right after the choice, between the two waits', async () => {
  for (let i = 0; i < 5; i++) {
    const page = await open('Customer', `Emre ${i}`)
    await begin(page)
    const id = idOf(page)
    // The second request does not wait for the answer to the first.
    await page.evaluate(async (id) => {
      const send = (what, fields) => fetch(`/customer/orders/${id}/${what}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
      const put = send('put', { drink: 'Espresso' })
      for (let tries = 0; tries < 100; tries++) {
        const orders = await (await fetch(`/customer/api/orders/${id}`)).json()
        if (orders.drink) break
      }
      await send('cancel', { reason: 'Never mind' })
      await put
    }, id)
    await heading(page, 'Cancelled')
    await settled(id, 'cancelled')
  }
})

test('a customer cancels in the queue', async () => {
  const page = await open('Customer', 'Fatou')
  await order(page, 'Americano')
  await page.getByRole('button', { name: 'Cancel this order' }).click()
  await heading(page, 'Cancelled')
  await settled(idOf(page), 'cancelled')
})

test('a customer cancels while it is being made, and the barista sees it', async () => {
  const [page, mara] = [await open('Customer', 'Goran'), await open('Barista', 'Mara')]
  const n = await order(page, 'Flat White')
  await act(mara, 'Make', n).click()
  await heading(page, 'Mara is making it')
  await page.getByRole('button', { name: 'Cancel this order' }).click()
  await heading(page, 'Cancelled')
  await mara.locator(`#order-${idOf(page)}`).waitFor({ state: 'detached' })
  await settled(idOf(page), 'cancelled')
})

test('a barista cancels with a reason, which the customer reads', async () => {
  const [page, mara] = [await open('Customer', 'Hana'), await open('Barista', 'Mara')]
  const n = await order(page, 'Hot Chocolate')
  const card = mara.locator(`#order-${idOf(page)}`)
  await card.getByText('Cancel…').click()
  await card.getByLabel('Why?').selectOption('The machine is broken')
  await card.getByRole('button', { name: `Cancel order ${n}` }).click()
  await heading(page, 'Cancelled')
  await page.getByText('The machine is broken').waitFor()
  await settled(idOf(page), 'cancelled')
})

test('it is too late to cancel what is ready', async () => {
  const [page, mara] = [await open('Customer', 'Ines'), await open('Barista', 'Mara')]
  const n = await order(page, 'Latte')
  await act(mara, 'Make', n).click()
  await act(mara, 'Ready', n).click()
  await heading(page, 'Your drink is ready')
  assert.equal(await page.getByRole('button', { name: 'Cancel this order' }).count(), 0)
  const answer = await page.request.post(`${page.url()}/cancel`, { form: { reason: 'Late' } })
  assert.equal(answer.status(), 409)
  assert.match(await answer.text(), new RegExp(`Too late: order ${n} is ready`))
})

test('what has run out cannot be ordered, also from a page that still shows it', async () => {
  const [page, manager] = [await open('Customer', 'Jonas'), await open('Manager', 'Lee')]
  await begin(page)
  await manager.getByRole('switch', { name: 'Chai Latte' }).click()
  await said(manager, 'Chai Latte has run out.')
  await page.locator('.out', { hasText: 'Chai Latte' }).waitFor()
  const answer = await page.request.post(`${page.url()}/put`, { form: { drink: 'Chai Latte' } })
  assert.equal(answer.status(), 422)
  assert.match(await answer.text(), /Chai Latte has just run out/)
  await manager.getByRole('switch', { name: 'Chai Latte' }).click()
  await said(manager, 'Chai Latte is on the menu.')
  await choice(page, 'Chai Latte').waitFor()
})

test('a closed bar takes no orders', async () => {
  const [page, manager] = [await open('Customer', 'Kofi'), await open('Manager', 'Lee')]
  const shop = manager.getByRole('switch', { name: 'Open for orders' })
  await shop.click()
  await said(manager, 'The bar is closed for new orders')
  await page.locator('#start:disabled').waitFor()
  const answer = await page.request.post(`${bar.url}/customer/orders`, { form: { order: 'late' } })
  assert.equal(answer.status(), 409)
  assert.match(await answer.text(), /The bar is closed/)
  await shop.click()
  await page.locator('#start:enabled').waitFor()
})

test('a double click takes one order, and nobody is blamed for it', async () => {
  const [page, mara] = [await open('Customer', 'Lena'), await open('Barista', 'Sven')]
  for (let i = 0; i < 3; i++) await order(page, 'Latte')
  const queue = mara.locator('.pending')
  await queue.nth(2).waitFor()
  const waiting = await queue.count()
  const id = await queue.first().getAttribute('id')
  // When the second click comes, the next order is where the first one was.
  await queue.first().getByRole('button', { name: 'Make' }).dblclick({ delay: 60 })
  await mara.locator(`#${id}.mine`).waitFor()
  await said(mara, 'is yours.')
  assert.equal(await queue.count(), waiting - 1)
  assert.equal(await mara.locator('.mine').count(), 1)
  await mara.locator('.mine').getByRole('button', { name: 'Ready' }).click()
  await said(mara, 'is ready.')
  for (const card of await queue.all()) await card.getByRole('button', { name: 'Make' }).waitFor()
})

test('a button that is pressed again before the answer has come is sent once', async () => {
  const [page, mara] = [await open('Customer', 'Milan'), await open('Barista', 'Noor')]
  const n = await order(page, 'Mocha')
  let sent = 0
  await mara.route('**/make', async (route) => {
    sent++
    await page.reload() // takes its time
    await route.continue()
  })
  await act(mara, 'Make', n).focus()
  for (let i = 0; i < 3; i++) await mara.keyboard.press('Enter')
  await heading(page, 'Noor is making it')
  await said(mara, `Order ${n} is yours.`)
  assert.equal(sent, 1)
})

test('after ordering, the keyboard and the screen reader go on where the order is', async () => {
  const page = await open('Customer', 'Nils')
  await page.setViewportSize({ width: 390, height: 640 })
  const focused = () => page.waitForFunction(() => document.activeElement.id === 'live')
  await begin(page)
  await focused()
  await choice(page, 'Espresso').click()
  await page.getByRole('button', { name: 'Order Espresso' }).click()
  await number(page)
  await focused()
  assert.equal(await page.evaluate(() => scrollY), 0)
})

test('a customer reads how many orders others have, and not their own', async () => {
  const [page, other] = [await open('Customer', 'Olga'), await open('Customer', 'Pia')]
  const text = () => page.locator('.lead').innerText()
  const before = Number((await text()).match(/\d+/)?.[0] ?? 0)
  await order(page, 'Latte')
  await page.goto(`${bar.url}/customer`)
  await page.locator('.order').waitFor()
  assert.equal(Number((await text()).match(/\d+/)?.[0] ?? 0), before)
  await order(other, 'Latte')
  const more = new RegExp(`^Other customers have ${before + 1} open orders?\\.`)
  await page.locator('.lead', { hasText: more }).waitFor()
})

test('who is behind one door and comes to another is told so', async () => {
  const page = await open('Customer', 'Quinn')
  const answer = await page.goto(`${bar.url}/manager`)
  assert.equal(answer.status(), 403)
  await page.getByText('You are signed in as customer Quinn, but not as manager.').waitFor()
  await page.getByRole('link', { name: 'customer Quinn' }).click()
  await heading(page, 'Hello, Quinn')
})

test('the times of an order are in the zone of who reads them, with the date', async () => {
  const page = await open('Customer', 'Rosa')
  await order(page, 'Latte')
  for (const [timezoneId, zone] of [['Asia/Kolkata', 'GMT+5:30'], ['UTC', 'UTC']]) {
    const manager = await open('Manager', 'Lee', { timezoneId })
    await manager.goto(`${bar.url}/manager/orders/${idOf(page)}`)
    const time = manager.locator('[data-moment]').first()
    await time.filter({ hasText: zone }).waitFor()
    const shown = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long', timeZone: timezoneId })
    assert.equal(await time.innerText(), shown.format(new Date(await time.getAttribute('datetime'))))
  }
})
