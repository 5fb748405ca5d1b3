// Runs before Streamlit's own scripts (server.py puts it there). Streamlit makes an entry of the browser's history of
// every setting that the address holds, so that Back would lead through them one by one. A setting is no place to go
// back to: it replaces the entry of its page, and Back leads to the page before.
(() => {
  const push = window.history.pushState.bind(window.history);
  const samePage = ({ origin, pathname }) => origin === window.location.origin && pathname === window.location.pathname;

  // The server knows nothing of values that only the browser holds (address.js).
  function withSaid(address) {
    const { page, values } = window.mvfaSaid ?? {};
    if (page !== address.pathname) return address;
    Object.entries(values).forEach(([name, value]) => {
      if (value === null) address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    });
    return address;
  }

  window.history.pushState = (state, title, address) => {
    const to = new URL(address ?? window.location.href, document.baseURI);
    if (samePage(to)) window.history.replaceState(state, title, withSaid(to));
    else push(state, title, address);
  };
})();
