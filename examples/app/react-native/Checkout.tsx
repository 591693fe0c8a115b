// Not compiled here: this repository has no React Native. A starting point to read, docs/apps.md says why.
// React Native (react-native-webview): the shop's page in an app, the apps of card companies, and the way back.
import React, { useEffect, useRef } from 'react';
import { Linking, Platform } from 'react-native';
import { WebView } from 'react-native-webview';

const shop = 'https://shop.example.com';

/** intent://path#Intent;scheme=ispmobile;package=kvp.jjy.MispAndroid320;S.browser_fallback_url=https...;end */
export function readIntent(url: string): { app?: string; pkg?: string; fallback?: string } {
  const [address, rest = ''] = url.split('#Intent;');
  const fields = new Map(rest.split(';').map(f => [f.slice(0, f.indexOf('=')), f.slice(f.indexOf('=') + 1)] as const));
  const scheme = fields.get('scheme');
  const fallback = decodeURIComponent(fields.get('S.browser_fallback_url') ?? '');
  return {
    app: scheme ? address.replace(/^intent:/, scheme + ':') : undefined,
    pkg: fields.get('package'),
    fallback: fallback.startsWith('https://') ? fallback : undefined,
  };
}

async function openApp(url: string) {
  if (!url.startsWith('intent:')) return Linking.openURL(url);
  const intent = readIntent(url);
  try {
    if (!intent.app) throw new Error('the intent names no app');
    await Linking.openURL(intent.app);
  } catch {
    const store = intent.pkg && 'market://details?id=' + encodeURIComponent(intent.pkg);
    const to = intent.fallback ?? store;
    if (to) await Linking.openURL(to);
  }
}

/** The page sends device "app", app_scheme "myshop" and return_url "myshop://result". */
export function Checkout({ onResult }: { onResult: (orderId: string) => void }) {
  const web = useRef<WebView>(null);

  // Anybody can open myshop://result?status=approved: whether it was paid, the shop's server knows.
  const received = (url: string) => {
    const order = /^myshop:\/\/result\/?\?(?:.*&)?order_id=([A-Za-z0-9_-]+)/.exec(url)?.[1];
    if (order) onResult(order);
    // myshop:// alone only brought the app to the front; the PG's page goes on by itself.
  };

  useEffect(() => {
    const outside = Linking.addEventListener('url', e => received(e.url));
    return () => outside.remove();
  });

  return (
    <WebView
      ref={web}
      source={{ uri: shop + '/order' }}
      applicationNameForUserAgent="MyShopApp/1.0"
      // Else other schemes are handed to the system before onShouldStartLoadWithRequest is asked.
      originWhitelist={['*']}
      thirdPartyCookiesEnabled
      setSupportMultipleWindows={false}
      onShouldStartLoadWithRequest={({ url }) => {
        if (/^(https?|about):/i.test(url)) return true;
        if (url.startsWith('myshop:')) received(url);
        else if (!/^(javascript|data|file|blob|content):/i.test(url)) {
          openApp(url).catch(() => console.warn('no app opens', Platform.OS, url.split(':')[0]));
        }
        return false;
      }}
    />
  );
}
