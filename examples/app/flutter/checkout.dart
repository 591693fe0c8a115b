// Not compiled here: this repository has no Flutter. A starting point to read, docs/apps.md says why.
// Flutter (webview_flutter, url_launcher, app_links): the shop's page in an app, card companies' apps, and the way back.
import 'dart:async';

import 'package:app_links/app_links.dart';
import 'package:flutter/material.dart';
import 'package:url_launcher/url_launcher.dart';
import 'package:webview_flutter/webview_flutter.dart';

/// Shows the shop's checkout. Its page sends device "app", app_scheme "myshop" and return_url "myshop://result".
class Checkout extends StatefulWidget {
  const Checkout({super.key, required this.onResult});

  final void Function(String orderId) onResult;

  @override
  State<Checkout> createState() => _CheckoutState();
}

class _CheckoutState extends State<Checkout> {
  late final WebViewController web;
  late final StreamSubscription<Uri> outside;

  @override
  void initState() {
    super.initState();
    outside = AppLinks().uriLinkStream.listen(received);
    web = WebViewController()
      ..setJavaScriptMode(JavaScriptMode.unrestricted)
      ..setNavigationDelegate(NavigationDelegate(onNavigationRequest: (request) {
        final scheme = request.url.split(':').first.toLowerCase();
        if (const {'http', 'https', 'about'}.contains(scheme)) return NavigationDecision.navigate;
        if (scheme == 'myshop') {
          received(Uri.parse(request.url));
        } else if (!const {'javascript', 'data', 'file', 'blob', 'content'}.contains(scheme)) {
          openApp(request.url);
        }
        return NavigationDecision.prevent;
      }))
      ..loadRequest(Uri.parse('https://shop.example.com/order?app=1')); // the page sees by this that it is in the app
  }

  /// Anybody can open myshop://result?status=approved: whether it was paid, the shop's server knows. myshop:// alone only
  /// brought the app to the front; the PG's page goes on by itself.
  void received(Uri url) {
    final order = url.queryParameters['order_id'];
    if (url.scheme == 'myshop' && url.host == 'result' && order != null) widget.onResult(order);
  }

  Future<void> openApp(String url) async {
    if (!url.startsWith('intent:')) {
      await launch(url);
      return;
    }
    // intent://path#Intent;scheme=ispmobile;package=kvp.jjy.MispAndroid320;S.browser_fallback_url=https...;end
    final parts = url.split('#Intent;');
    final fields = <String, String>{};
    for (final field in parts.last.split(';')) {
      final at = field.indexOf('=');
      if (at > 0) fields[field.substring(0, at)] = field.substring(at + 1);
    }
    final scheme = fields['scheme'];
    if (scheme != null && await launch(parts.first.replaceFirst('intent:', '$scheme:'))) return;
    final fallback = Uri.decodeComponent(fields['S.browser_fallback_url'] ?? '');
    final package = fields['package'];
    if (fallback.startsWith('https://')) {
      await launch(fallback);
    } else if (package != null) {
      await launch('market://details?id=${Uri.encodeComponent(package)}');
    }
  }

  Future<bool> launch(String url) async {
    try {
      return await launchUrl(Uri.parse(url), mode: LaunchMode.externalApplication);
    } catch (_) {
      return false;
    }
  }

  @override
  void dispose() {
    outside.cancel();
    super.dispose();
  }

  @override
  Widget build(BuildContext context) => WebViewWidget(controller: web);
}
