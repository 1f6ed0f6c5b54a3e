import { byId } from './dom';

/** Makes the page work offline. A new version waits until the user accepts it, so that versions never mix. */
export async function workOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.register('service-worker.js');
  const offer = () => (byId('update').hidden = !(registration.waiting && navigator.serviceWorker.controller));
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer));
  offer();
  byId('update-now').addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting?.postMessage('activate');
  });
}
