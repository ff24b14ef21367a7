#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "services/common/clock.h"
#include "services/common/http_handler.h"
#include "services/registry/blob_store.h"
#include "services/registry/xet/xet_store.h"
#include "services/registry/xet/xet_token.h"

namespace ropewalk {

// The uploading half of a content-addressed store as the clients of Xet know it
// (https://github.com/huggingface/hub-docs/blob/main/docs/xet/api.md), below
// /xet/{generation of the store}:
//   POST /v1/xorbs/default/{hash}   a xorb, checked while it comes
//   POST /v1/shards                 makes its files blobs, then answers
//   POST /v2/shards                 the same; answers at once with lines that tell how far it is
// All else is 404, which clients know how to go on from: they ask for chunks that are here already,
// and for newer ways to send. Thread-safe.
class XetHandler final : public HttpHandler {
 public:
  // None is owned; all outlive the handler and its exchanges.
  XetHandler(XetStore* store, BlobStore* blobs, const XetTokens* tokens, const Clock* clock)
      : store_(store), blobs_(blobs), tokens_(tokens), clock_(clock) {}

  // Whether a path is one of this handler's.
  static bool Takes(absl::string_view path);

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override;

  // What the Hub says to GET /api/{type}s/{id}/xet-write-token/{revision}, to a client that has
  // reached the registry at `origin` ("http://host:7081").
  HttpResponse WriteToken(absl::string_view origin) const;

 private:
  bool MayWrite(const HttpRequest& request) const;
  std::unique_ptr<HttpExchange> BeginXorb(absl::string_view name);

  XetStore* const store_;
  BlobStore* const blobs_;
  const XetTokens* const tokens_;
  const Clock* const clock_;
};

}  // namespace ropewalk
