#pragma once

#include <nlohmann/json.hpp>

#include "services/common/http_handler.h"

namespace ropewalk {

// 200 with `json`; what is not UTF-8 in it is replaced.
inline HttpResponse JsonResponse(const nlohmann::json& json) {
  HttpResponse response;
  response.content_type = "application/json; charset=utf-8";
  response.body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

}  // namespace ropewalk
