// Not compiled here: this repository has no Android toolchain. A starting point to read, docs/apps.md says why.
// Android WebView: the shop's page in an app, the apps of card companies, and the way back.
package com.example.myshop

import android.annotation.SuppressLint
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.webkit.CookieManager
import android.webkit.WebResourceRequest
import android.webkit.WebView
import android.webkit.WebViewClient

/** Shows the shop's checkout. Its page sends device "app", app_scheme "myshop" and return_url "myshop://result". */
class CheckoutActivity : Activity() {
    private lateinit var web: WebView

    @SuppressLint("SetJavaScriptEnabled")
    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        web = WebView(this)
        setContentView(web)
        web.settings.javaScriptEnabled = true
        web.settings.domStorageEnabled = true
        // The page sees by this that it is in the app.
        web.settings.userAgentString += " MyShopApp/1.0"
        // PGs' windows stand in frames of their own sites.
        CookieManager.getInstance().setAcceptThirdPartyCookies(web, true)
        web.webViewClient = object : WebViewClient() {
            // Not called for POSTs, but for where they are redirected to: the 303 that ends a payment comes by here.
            override fun shouldOverrideUrlLoading(view: WebView, request: WebResourceRequest): Boolean =
                leaves(request.url)
        }
        if (saved == null) web.loadUrl("https://shop.example.com/order") else web.restoreState(saved)
    }

    /** The system may end the app while the buyer is in another one. */
    override fun onSaveInstanceState(out: Bundle) {
        super.onSaveInstanceState(out)
        web.saveState(out)
    }

    /** What comes from outside: myshop:// of a card company's app, or the result from a browser. */
    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        intent.data?.let { if (it.host == "result") finished(it) }
        // myshop:// alone only brings the app to the front; the PG's page goes on by itself.
    }

    /** True for what the WebView must not load itself. */
    private fun leaves(url: Uri): Boolean {
        when (url.scheme) {
            "http", "https", "about" -> return false
            "myshop" -> if (url.host == "result") finished(url)
            "intent" -> openIntent(url.toString())
            "javascript", "data", "file", "content" -> Unit
            else -> if (!open(Intent(Intent.ACTION_VIEW, url))) missing(null)
        }
        return true
    }

    private fun openIntent(text: String) {
        val intent = try {
            Intent.parseUri(text, Intent.URI_INTENT_SCHEME)
        } catch (e: java.net.URISyntaxException) {
            return
        }
        if (open(intent)) return
        val fallback = intent.getStringExtra("browser_fallback_url")
        if (fallback != null && fallback.startsWith("https://")) web.loadUrl(fallback) else missing(intent.`package`)
    }

    /** A page must reach no part of an app that is not meant for browsers: no component, no selector. */
    private fun open(intent: Intent): Boolean {
        intent.addCategory(Intent.CATEGORY_BROWSABLE)
        intent.component = null
        intent.selector = null
        return try {
            startActivity(intent)
            true
        } catch (e: ActivityNotFoundException) {
            false
        } catch (e: SecurityException) {
            false
        }
    }

    /** The app is not there: its page in the store. */
    private fun missing(name: String?) {
        if (name == null) return
        try {
            startActivity(Intent(Intent.ACTION_VIEW, Uri.parse("market://details?id=" + Uri.encode(name))))
        } catch (e: ActivityNotFoundException) {
            web.loadUrl("https://play.google.com/store/apps/details?id=" + Uri.encode(name))
        }
    }

    /** Anybody can open myshop://result?status=approved: whether it was paid, the shop's server knows. */
    private fun finished(url: Uri) {
        val order = url.getQueryParameter("order_id") ?: return
        web.loadUrl("https://shop.example.com/order/result?order_id=" + Uri.encode(order))
    }
}
