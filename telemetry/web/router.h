// Which request gets what, and who may have it. Holds no connection and opens no socket: a head goes in, a response
// comes out; at once, but for site checks.
#pragma once

#include "telemetry/web/access.h"
#include "telemetry/web/host_guard.h"
#include "telemetry/web/pages.h"
#include "telemetry/web/web_options.h"
#include "telemetry/web/web_server.h"
#include "telemetry/web/web_source.h"

namespace vouch {

// One thread. `source` and `clock` must outlive it, and it whatever the site checker has under way.
class Router final : public WebHandler {
 public:
  Router(WebSource& source, const WebOptions& options, const Clock& clock);
  void handle(const WebHead& head, const WebPeer& peer, WebDone done) override;

 private:
  struct Request {
    const WebHead& head;
    WebTarget target;
    WebPeer peer;
    Language language = Language::english;
    Viewer viewer = Viewer::subscriber;
  };
  std::optional<WebResponse> refuse(const WebHead& head, const WebPeer& peer) const;
  std::optional<WebResponse> refuse_target(const WebTarget& target, const WebPeer& peer) const;
  // Sets `request.viewer`; a response when this viewer may not have what lies there.
  std::optional<WebResponse> admit(Request& request);
  void route(const Request& request, WebDone done);
  WebResponse page(const Request& request, Page page);
  void site_page(const Request& request, WebDone done);
  void site_api(const Request& request, WebDone done);
  WebResponse site_document(Language language, Viewer viewer, std::string_view asked, const SiteReport* report,
                            std::uint16_t status);
  WebResponse api(const Request& request);
  WebResponse readiness();
  std::optional<WebResponse> asset(const Request& request) const;
  WebResponse problem(const Request& request, std::uint16_t status, std::string_view text) const;

  WebSource& source_;
  const Clock& clock_;
  const HostGuard hosts_;
  Access access_;
};

}  // namespace vouch
