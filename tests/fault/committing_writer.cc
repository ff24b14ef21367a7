#include "tests/fault/committing_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/manifest.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "tests/fault/random_bytes.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr int kCommitsOfARepository = 12;
// The commit that makes a model an adapter.
constexpr int kAdapterCommit = 3;
constexpr size_t kSmallBytes = 30'000;
constexpr size_t kLargeBytes = 1'500'000;
constexpr char kMain[] = "main";

v1::File FileOf(const std::string& path, const std::string& bytes) {
  v1::File file;
  file.set_path(path);
  file.set_digest(Sha256Hex(bytes));
  file.set_size_bytes(static_cast<int64_t>(bytes.size()));
  return file;
}

std::string CommitOf(const std::map<std::string, v1::File>& tree) {
  constexpr size_t kCommitDigits = 40;
  google::protobuf::RepeatedPtrField<v1::File> files;
  for (const auto& [path, file] : tree) *files.Add() = file;
  return VersionId(files).substr(0, kCommitDigits);
}

std::string Line(const std::string& key, const Json& value) {
  return absl::StrCat(Json{{"key", key}, {"value", value}}.dump(), "\n");
}

std::string InlineLine(const std::string& path, const std::string& bytes) {
  return Line("file",
              {{"path", path}, {"content", absl::Base64Escape(bytes)}, {"encoding", "base64"}});
}

std::string TextOf(const std::string& body, const char* field) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(field) || !json[field].is_string()) return "";
  return json[field].get<std::string>();
}

// Statuses of the Hub as those of gRPC, so that both are excused alike.
absl::Status ToStatus(const HubAnswer& answer) {
  const std::string message = absl::StrCat(answer.status, " ", TextOf(answer.body, "error"));
  switch (answer.status) {
    case 412:
      return absl::FailedPreconditionError(message);
    case 500:
      return absl::UnknownError(message);
    case 503:
      return absl::UnavailableError(message);
    case 507:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::InternalError(message);
  }
}

}  // namespace

CommittingWriter::CommittingWriter(CrashSite* site, std::string prefix, uint64_t seed)
    : site_(site), prefix_(std::move(prefix)), random_(seed) {}

std::string CommittingWriter::Id() const { return absl::StrCat(prefix_, "-", repository_); }

std::string CommittingWriter::Api(const std::string& rest) const {
  return absl::StrCat("/api/models/", Id(), rest);
}

absl::StatusOr<HubAnswer> CommittingWriter::Ask(const std::string& method,
                                                const std::string& target, const std::string& body,
                                                const std::vector<int>& good) {
  absl::StatusOr<HubAnswer> answer = AskHub(site_->registry().http_address(), method, target, body);
  const bool is_good =
      answer.ok() && std::find(good.begin(), good.end(), answer->status) != good.end();
  if (is_good) return answer;
  const absl::Status status = answer.ok() ? ToStatus(*answer) : answer.status();
  site_->TakeFailure(absl::StrCat(method, " ", target), status);
  return status;
}

void CommittingWriter::Step() {
  if (deleting_ || commits_ >= kCommitsOfARepository) return DeleteRepository();
  if (!created_) return CreateRepository();
  if (heads_.size() > 1) return Look();
  const uint64_t draw = Draw(100);
  if (heads_[0].empty() || draw < 50) return CommitInline();
  if (draw < 80) return CommitLarge();
  if (draw < 95) return AddTag();
  DeleteTag();
}

void CommittingWriter::CreateRepository() {
  const size_t slash = Id().find('/');
  const Json body{{"organization", Id().substr(0, slash)}, {"name", Id().substr(slash + 1)}};
  created_ = Ask("POST", "/api/repos/create", body.dump(), {200, 409}).ok();
  if (created_) site_->Acknowledge("create", {});
}

void CommittingWriter::DeleteRepository() {
  // Of an attempt before whose answer was lost.
  const std::vector<int> good = deleting_ ? std::vector<int>{200, 404} : std::vector<int>{200};
  deleting_ = true;
  if (!Ask("DELETE", "/api/repos/delete", Json{{"name", Id()}}.dump(), good).ok()) return;
  ++repository_;
  created_ = false;
  deleting_ = false;
  commits_ = 0;
  heads_ = {Tree()};
  failed_.clear();
  acknowledged_ = Acknowledged();
  site_->Acknowledge("delete", {});
}

absl::StatusOr<std::string> CommittingWriter::Head() {
  ASSIGN_OR_RETURN(const HubAnswer answer, Ask("GET", Api("/revision/main"), "", {200}));
  return TextOf(answer.body, "sha");
}

// Which of the heads it is.
void CommittingWriter::Look() {
  const absl::StatusOr<std::string> sha = Head();
  if (!sha.ok() || Settle(*sha, std::exchange(heads_, {}))) return;
  const bool came_back = Settle(*sha, std::exchange(failed_, {}));
  site_->AddProblem(absl::StrCat(
      Id(), " is at ", *sha,
      came_back ? ", a commit that failed and was not there before" : ", where nobody brought it"));
  if (!came_back) heads_ = {Tree()};
}

// The one with this name is the head; the others have failed.
bool CommittingWriter::Settle(const std::string& sha, std::vector<Tree> trees) {
  for (Tree& tree : trees) {
    if (CommitOf(tree) != sha) {
      failed_.push_back(std::move(tree));
    } else {
      heads_ = {std::move(tree)};
    }
  }
  if (heads_.empty()) return false;
  if (heads_[0].empty()) return true;
  acknowledged_.HaveVersion(sha);
  acknowledged_.HaveTag(kMain, sha);
  return true;
}

void CommittingWriter::CommitInline() {
  Change change;
  change.after = heads_[0];
  const auto add = [&change](const std::string& path, const std::string& bytes) {
    absl::StrAppend(&change.body, InlineLine(path, bytes));
    change.after[path] = FileOf(path, bytes);
    change.digests.push_back(change.after[path].digest());
  };
  for (uint64_t i = Draw(3) + 1; i > 0; --i) {
    add(absl::StrCat("sub/", Draw(6), ".txt"), RandomBytes(kSmallBytes, &random_));
  }
  if (commits_ == kAdapterCommit) {
    add("adapter_config.json",
        absl::StrCat("{\"peft_type\": \"LORA\", \"r\": 8, \"of\": \"", Id(), "\"}"));
  }
  const std::string gone = "large.bin";
  if (Draw(4) == 0 && change.after.erase(gone) > 0) {
    absl::StrAppend(&change.body, Line("deletedFile", {{"path", gone}}));
  }
  Commit(change);
}

void CommittingWriter::CommitLarge() {
  const std::string path = "large.bin";
  const std::string bytes = RandomBytes(kLargeBytes, &random_);
  Change change;
  change.after = heads_[0];
  const v1::File& file = change.after[path] = FileOf(path, bytes);
  change.digests = {file.digest()};
  if (!UploadLarge(bytes, file.digest())) return;
  change.body = Line(
      "lfsFile",
      {{"path", path}, {"algo", "sha256"}, {"oid", file.digest()}, {"size", file.size_bytes()}});
  Commit(change);
}

bool CommittingWriter::UploadLarge(const std::string& bytes, const std::string& digest) {
  const Json object{{"oid", digest}, {"size", bytes.size()}};
  const Json batch{{"operation", "upload"}, {"objects", Json::array({object})}};
  const auto tickets =
      Ask("POST", absl::StrCat("/", Id(), ".git/info/lfs/objects/batch"), batch.dump(), {200});
  if (!tickets.ok()) return false;
  const Json answer = Json::parse(tickets->body, nullptr, /*allow_exceptions=*/false);
  const std::string address =
      answer.value(Json::json_pointer("/objects/0/actions/upload/href"), std::string());
  // A registry that has started anew since does not know the ticket.
  const auto put = Ask("PUT", address.substr(std::min(address.find("/lfs/"), address.size())),
                       bytes, {200, 403});
  return put.ok() && put->status == 200;
}

void CommittingWriter::Commit(const Change& change) {
  const std::string sha = CommitOf(change.after);
  acknowledged_.TryVersion(sha);
  acknowledged_.TryTag(kMain, sha);
  heads_.push_back(change.after);
  const auto answer = Ask("POST", Api("/commit/main"), change.body, {200});
  if (!answer.ok()) return;
  heads_ = {change.after};
  ++commits_;
  acknowledged_.HaveVersion(sha);
  acknowledged_.HaveTag(kMain, sha);
  const std::string told = TextOf(answer->body, "commitOid");
  if (told != sha) site_->AddProblem(absl::StrCat("committed ", sha, ", was told ", told));
  site_->Acknowledge("commit", change.digests);
}

void CommittingWriter::AddTag() {
  const std::string tag = absl::StrCat("v", Draw(20));
  if (acknowledged_.HasTag(tag)) return;
  acknowledged_.TryTag(tag, CommitOf(heads_[0]));
  // 409: an attempt before whose answer was lost.
  const auto answer = Ask("POST", Api("/tag/main"), Json{{"tag", tag}}.dump(), {200, 409});
  if (!answer.ok() || answer->status != 200) return;
  acknowledged_.HaveTag(tag, CommitOf(heads_[0]));
  site_->Acknowledge("tag", {});
}

void CommittingWriter::DeleteTag() {
  const std::string tag = absl::StrCat("v", Draw(20));
  acknowledged_.TryTag(tag, "");
  if (!Ask("DELETE", Api(absl::StrCat("/tag/", tag)), "", {200, 404}).ok()) return;
  acknowledged_.HaveTag(tag, "");
  site_->Acknowledge("untag", {});
}

absl::Status CommittingWriter::CheckFile(const v1::File& file) {
  const std::string target = absl::StrCat("/", Id(), "/resolve/main/", file.path());
  ASSIGN_OR_RETURN(const HubAnswer answer, AskHub(site_->registry().http_address(), "GET", target));
  if (answer.status == 200 && Sha256Hex(answer.body) == file.digest()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(target, " has not the digest ", file.digest(), " but ",
                                          answer.status, " ", Sha256Hex(answer.body)));
}

absl::Status CommittingWriter::Check() {
  if (!created_ || deleting_) return absl::OkStatus();
  if (heads_.size() > 1) Look();
  for (const auto& [path, file] : heads_.front()) RETURN_IF_ERROR(CheckFile(file));
  ASSIGN_OR_RETURN(const HubAnswer refs, Ask("GET", Api("/refs"), "", {200}));
  const Json json = Json::parse(refs.body, nullptr, /*allow_exceptions=*/false);
  std::map<std::string, std::string> tags;
  for (const char* const kind : {"branches", "tags"}) {
    for (const Json& ref : json.value(kind, Json::array())) {
      tags[ref.value("name", "")] = ref.value("targetCommit", "");
    }
  }
  std::set<std::string> versions;
  for (const std::string& version : acknowledged_.versions()) {
    const auto found = Ask("GET", Api(absl::StrCat("/revision/", version)), "", {200});
    if (found.ok() && TextOf(found->body, "sha") == version) versions.insert(version);
  }
  return acknowledged_.Check(versions, tags);
}

}  // namespace ropewalk
