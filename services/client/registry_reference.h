#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

class RegistryClient;

// A version as people name it: "demo/dates", "demo/dates:stable", "demo/dates@3f2a91..." (whole or
// its first six or more digits), or a full name, "adapters/demo/dates/versions/3f2a91...".
struct Reference {
  // "{kind}/{namespace}/{name}", or without the kind if it was not given.
  std::string repository;
  // At most one is set; neither: the tag `latest`.
  std::string tag;
  std::string version;

  bool has_kind() const;
};

// INVALID_ARGUMENT: no such thing can be; the message says how it is written.
absl::StatusOr<Reference> ParseReference(absl::string_view text);

// The version that a reference names; without a kind, the first of `kinds` that has it.
// NOT_FOUND: there is none, or the digits fit several.
absl::StatusOr<v1::Version> FindVersion(RegistryClient* registry, absl::string_view text,
                                        const std::vector<std::string>& kinds);

// "{kind}/{namespace}/{name}" of a version's name.
std::string RepositoryOf(const std::string& version_name);

// The last part of a version's name, shortened for tables.
std::string ShortVersion(const std::string& version_name);

// The text as a part of a registry name: in lower case, '-' for what is not allowed, never empty.
std::string AsNamePart(absl::string_view text);

}  // namespace ropewalk
