#pragma once

#include "services/common/http_handler.h"
#include "services/registry/access/caller.h"
#include "services/registry/hub/hub_route.h"

namespace ropewalk {

// A request to the Hub's side: where it goes, what it says, and who asks.
struct HubRequest {
  HubRoute route;
  HttpRequest http;
  Caller caller;
};

}  // namespace ropewalk
