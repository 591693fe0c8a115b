// Not compiled here: this repository has no Xcode. A starting point to read, docs/apps.md says why.
// iOS WKWebView: the shop's page in an app, the apps of card companies, and the way back.
import UIKit
import WebKit

/// Shows the shop's checkout. Its page sends device "app", app_scheme "myshop" and return_url "myshop://result".
final class CheckoutViewController: UIViewController, WKNavigationDelegate, WKUIDelegate {
    private let web: WKWebView = {
        let configuration = WKWebViewConfiguration()
        // The page sees by this that it is in the app.
        configuration.applicationNameForUserAgent = "MyShopApp/1.0"
        return WKWebView(frame: .zero, configuration: configuration)
    }()

    override func loadView() { view = web }

    override func viewDidLoad() {
        super.viewDidLoad()
        web.navigationDelegate = self
        web.uiDelegate = self
        web.load(URLRequest(url: URL(string: "https://shop.example.com/order")!))
    }

    func webView(_ webView: WKWebView, decidePolicyFor action: WKNavigationAction,
                 decisionHandler: @escaping (WKNavigationActionPolicy) -> Void) {
        guard let url = action.request.url, let scheme = url.scheme?.lowercased() else { return decisionHandler(.cancel) }
        switch scheme {
        case "http", "https", "about":
            // A universal link of your own (https://shop.example.com/app/result) does not open the app from its own
            // WebView: catch it here.
            if url.host == "shop.example.com", url.path == "/app/result" { finished(url); return decisionHandler(.cancel) }
            return decisionHandler(.allow)
        case "myshop":
            received(url)
        case "javascript", "data", "file", "blob":
            break
        default:
            // A card company's app, or itms-apps of the store. open needs no LSApplicationQueriesSchemes, canOpenURL does.
            UIApplication.shared.open(url) { [weak self] opened in if !opened { self?.missing() } }
        }
        decisionHandler(.cancel)
    }

    /// PGs open pages in windows of their own: here they take the place of the page.
    func webView(_ webView: WKWebView, createWebViewWith configuration: WKWebViewConfiguration,
                 for action: WKNavigationAction, windowFeatures: WKWindowFeatures) -> WKWebView? {
        if action.targetFrame == nil { webView.load(action.request) }
        return nil
    }

    /// What comes from outside too: call it from scene(_:openURLContexts:), and for universal links from
    /// scene(_:continue:) with its webpageURL.
    func received(_ url: URL) {
        // myshop:// alone only brought the app to the front; the PG's page goes on by itself.
        if url.host == "result" || url.path == "/app/result" { finished(url) }
    }

    /// Anybody can open myshop://result?status=approved: whether it was paid, the shop's server knows.
    private func finished(_ url: URL) {
        let query = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems
        guard let order = query?.first(where: { $0.name == "order_id" })?.value else { return }
        var page = URLComponents(string: "https://shop.example.com/order/result")!
        page.queryItems = [URLQueryItem(name: "order_id", value: order)]
        web.load(URLRequest(url: page.url!))
    }

    private func missing() {
        let alert = UIAlertController(title: nil, message: "결제에 필요한 앱을 설치한 뒤 다시 시도하세요.", preferredStyle: .alert)
        alert.addAction(UIAlertAction(title: "확인", style: .default))
        present(alert, animated: true)
    }
}
