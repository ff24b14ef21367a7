#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// What a webhook is told of a change, in the Hub's form
// (https://huggingface.co/docs/hub/webhooks#webhook-payloads). Pure.
//
// One change may be several events: of the repository ("create", "delete", "move"; scope "repo"),
// of its settings ("update", "repo.config"), and of its branches and tags ("update",
// "repo.content"), whose updatedRefs say from which commit to which each went; null: there was, or
// is, none. `origin`: where clients reach the registry, "http://host:7081". `before` and `after`:
// as RepositoryListener has them; not both null.
std::vector<nlohmann::json> WebhookEvents(const v1::Repository* before, const v1::Repository* after,
                                          const std::string& origin);

}  // namespace ropewalk
