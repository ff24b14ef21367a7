#include "services/client/registry_reference.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/client/human.h"
#include "services/common/registry_client.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kShortVersion = 12;
constexpr size_t kLeastPrefix = 6;
constexpr size_t kWholeVersion = 64;
constexpr size_t kLongestPart = 63;

absl::StatusOr<Reference> ParseFullName(absl::string_view text) {
  ASSIGN_OR_RETURN(const ResourceName name, ParseResourceName(text));
  return Reference{name.repository, name.tag, name.version};
}

// Splits "repository:tag" and "repository@version".
Reference Split(absl::string_view text) {
  const size_t mark = text.find_first_of(":@");
  if (mark == absl::string_view::npos) return {std::string(text), "", ""};
  const std::string rest(text.substr(mark + 1));
  Reference reference{std::string(text.substr(0, mark)), "", ""};
  (text[mark] == ':' ? reference.tag : reference.version) = rest;
  return reference;
}

bool IsVersionPrefix(const std::string& text) {
  return text.size() >= kLeastPrefix && text.size() <= kWholeVersion &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

absl::Status CheckReference(const Reference& reference, absl::string_view text) {
  const bool empty_mark = absl::StrContains(text, ":") && reference.tag.empty();
  const std::string whole =
      reference.has_kind() ? reference.repository : absl::StrCat("adapters/", reference.repository);
  absl::Status status = ValidateRepositoryName(whole);
  if (status.ok() && !reference.tag.empty()) status = ValidateNamePart(reference.tag, "tag");
  const bool bad_version = absl::StrContains(text, "@") && !IsVersionPrefix(reference.version);
  if (status.ok() && !empty_mark && !bad_version) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("'", text,
                   "' is no name in the registry; write namespace/name, "
                   "namespace/name:tag or namespace/name@version with 6 to 64 hex digits"));
}

// The one version of a repository that begins with these digits.
absl::StatusOr<v1::Version> FindByPrefix(RegistryClient* registry, const std::string& repository,
                                         const std::string& prefix) {
  v1::ListVersionsRequest request;
  request.set_parent(repository);
  std::vector<v1::Version> found;
  do {
    ASSIGN_OR_RETURN(const v1::ListVersionsResponse page, registry->ListVersions(request));
    for (const v1::Version& version : page.versions()) {
      if (absl::StartsWith(LastPart(version.name()), prefix)) found.push_back(version);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (found.size() == 1) return found[0];
  return absl::NotFoundError(absl::StrCat(found.empty() ? "no version" : "more than one version",
                                          " of ", repository, " begins with ", prefix));
}

absl::StatusOr<v1::Version> FindIn(RegistryClient* registry, const Reference& reference,
                                   const std::string& repository) {
  if (reference.version.size() == kWholeVersion) {
    return registry->GetVersion(VersionName(repository, reference.version));
  }
  if (!reference.version.empty()) return FindByPrefix(registry, repository, reference.version);
  return registry->GetVersion(reference.tag.empty() ? repository
                                                    : TagName(repository, reference.tag));
}

}  // namespace

bool Reference::has_kind() const {
  return std::count(repository.begin(), repository.end(), '/') >= 2;
}

absl::StatusOr<Reference> ParseReference(absl::string_view text) {
  if (absl::StrContains(text, "/versions/") || absl::StrContains(text, "/tags/")) {
    return ParseFullName(text);
  }
  const Reference reference = Split(text);
  RETURN_IF_ERROR(CheckReference(reference, text));
  return reference;
}

absl::StatusOr<v1::Version> FindVersion(RegistryClient* registry, absl::string_view text,
                                        const std::vector<std::string>& kinds) {
  ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  if (reference.has_kind()) return FindIn(registry, reference, reference.repository);
  for (const std::string& kind : kinds) {
    const std::string repository = absl::StrCat(kind, "/", reference.repository);
    absl::StatusOr<v1::Version> version = FindIn(registry, reference, repository);
    if (!absl::IsNotFound(version.status())) return version;
  }
  return absl::NotFoundError(
      absl::StrCat("the registry has no '", text, "' among its ", absl::StrJoin(kinds, " and ")));
}

std::string RepositoryOf(const std::string& version_name) {
  return version_name.substr(0, version_name.find("/versions/"));
}

std::string ShortVersion(const std::string& version_name) {
  return LastPart(version_name).substr(0, kShortVersion);
}

std::string AsNamePart(absl::string_view text) {
  std::string part;
  for (const char c : absl::AsciiStrToLower(text)) {
    const bool word = absl::ascii_isalnum(c);
    const bool joint = !part.empty() && (c == '_' || c == '-' || (c == '.' && part.back() != '.'));
    if (word || joint) part.push_back(c);
    if (!word && !joint && c != '.' && !part.empty()) part.push_back('-');
  }
  return part.empty() ? "unnamed" : part.substr(0, kLongestPart);
}

}  // namespace ropewalk
