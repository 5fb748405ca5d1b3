// Runs before Streamlit's own scripts (server.py puts it there). Streamlit makes an entry of the browser's history of
// every setting that the address holds, so that Back would lead through them one by one. A setting is no place to go
// back to: it replaces the entry of its page, and Back leads to the page before.
(() => {
  const push = window.history.pushState.bind(window.history);
  const samePage = ({ origin, pathname }) => origin === window.location.origin && pathname === window.location.pathname;
  window.history.pushState = (state, title, address) => {
    const settings = address == null || samePage(new URL(address, document.baseURI));
    if (settings) window.history.replaceState(state, title, address);
    else push(state, title, address);
  };
})();
