// What the pages cannot do without a script of their own: hearing of changes, counting times on, keeping what somebody
// is typing, doing once what is pressed twice, and saying that the connection is lost.
'use strict'

const live = document.getElementById('live')

// A page that is rendered again keeps what its reader has opened or is choosing.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => !(old instanceof Element && old.hasAttribute('data-keep'))
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === 'open' && node.localName === 'details')

// A browser has six connections to a server. A page that nobody sees leaves its one to the others.
let stream, retry
function listen () {
  clearTimeout(retry)
  stream?.close()
  if (document.hidden) return
  stream = new EventSource(live.dataset.news)
  for (const news of ['order', 'reread']) stream.addEventListener(news, reread)
  // Whether the bar is gone or has merely ended the stream, the next reading tells.
  stream.onerror = () => {
    reread()
    if (stream.readyState === EventSource.CLOSED) retry = setTimeout(listen, 5000)
  }
}
function reread () { htmx.trigger(live, 'news') }

if (live.dataset.news) {
  document.addEventListener('visibilitychange', listen)
  listen()
}

// The same words as in the server's span.
function span (ms) {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86400)} d`
}

function countdown (ms) {
  const s = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`
}

// The server knows no reader's time zone.
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

function tick () {
  const now = Date.now()
  const each = (name, words) => {
    for (const time of document.querySelectorAll(`[data-${name}]`)) say(time, words(Date.parse(time.dataset[name])))
  }
  each('since', (time) => span(now - time))
  each('until', (time) => countdown(time - now))
  each('moment', (time) => moment.format(time))
}

function say (element, text) {
  if (element.textContent !== text) element.textContent = text
}

setInterval(tick, 1000)
document.addEventListener('htmx:afterSettle', tick)
tick()

function online (yes) {
  const offline = document.getElementById('offline')
  say(offline, yes ? '' : 'The connection to the bar is lost. This page will catch up by itself.')
  document.body.classList.toggle('is-offline', !yes)
}

document.addEventListener('htmx:afterRequest', (event) => { if (event.detail.successful) online(true) })
document.addEventListener('htmx:sendError', (event) => {
  online(false)
  if (event.detail.requestConfig.verb === 'get') return
  tell('That did not reach the bar. Try again in a moment: it is done only once.')
})

function tell (text) {
  const message = document.getElementById('message')
  message.classList.add('refused')
  say(message, text)
}

// What a double click presses the second time may be another button already, that of the next order.
document.addEventListener('click', (event) => {
  if (event.detail > 1 && event.target.closest('button')) stop(event)
}, true)

// Nor is a form sent again before it was answered: the page may have changed in between, and with it what it means.
document.addEventListener('submit', (event) => {
  if (event.target.matches('.htmx-request')) stop(event)
}, true)

// Who leaves a page while the bar is away loses it.
document.addEventListener('click', (event) => {
  if (!live.dataset.news || !document.body.matches('.is-offline') || !event.target.closest('a[href^="/"]')) return
  stop(event)
  tell('The bar cannot be reached. Try again in a moment.')
}, true)

function stop (event) {
  event.preventDefault()
  event.stopImmediatePropagation()
}

// The way to an order leads past the header. Whoever reads the address need not know.
if (location.hash === '#live') {
  history.replaceState(null, '', location.pathname)
  live.focus({ preventScroll: true })
}

// Who pressed a button that is gone now goes on at the order if it is theirs to finish, or else where the page begins,
// and not nowhere.
document.addEventListener('htmx:afterSettle', (event) => {
  const { verb, path } = event.detail.requestConfig ?? {}
  if (verb !== 'post') return
  const mine = document.getElementById(`order-${path.split('/')[3]}`)
  if (mine?.matches('.mine')) {
    mine.focus({ preventScroll: true })
    mine.scrollIntoView({ block: 'nearest' })
    return
  }
  if (document.activeElement === document.body) live.focus({ preventScroll: true })
  if (document.body.matches('.customer')) scrollTo(0, 0) // where the page says how the order stands now
})
