#include "services/registry/hub/lfs_uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/sha256.h"
#include "services/registry/hub/hub_fixture.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// With parts of four bytes.
class LfsUploadsTest : public HubFixture {
 protected:
  LfsUploadsTest() {
    lfs_.part_bytes = 4;
    SetAccess(AccessOptions());
    EXPECT_TRUE(registry_->CreateRepository("models/bob/x").ok());
  }

  HttpResponse Post(const std::string& target, const Json& body,
                    const std::map<std::string, std::string>& headers = {}) {
    return Ask(target, headers, "POST", body.dump());
  }

  // What the client is to do with a file.
  Json ActionsOf(const std::string& bytes, const std::string& agent = "hf_hub/0.36.2") {
    const Json batch{
        {"operation", "upload"},
        {"transfers", {"basic", "multipart"}},
        {"objects", Json::array({{{"oid", Sha256Hex(bytes)}, {"size", bytes.size()}}})}};
    const HttpResponse response =
        Post("/bob/x.git/info/lfs/objects/batch", batch, {{"user-agent", agent}});
    EXPECT_EQ(response.status, 200) << BodyOf(response);
    const Json answer = JsonOf(response);
    const Json actions = answer["objects"][0].value("actions", Json::object());
    const bool in_parts = actions.value("upload", Json::object()).contains("header");
    EXPECT_EQ(answer["transfer"], in_parts ? "multipart" : "basic");
    return actions;
  }

  static std::string TargetOf(const Json& href) {
    return std::string(absl::StripPrefix(href.get<std::string>(), "http://hub:7081"));
  }

  // Sends a part as it is told to; the ETag.
  std::string SendPart(const Json& header, const std::string& bytes, size_t part) {
    const std::string piece = bytes.substr((part - 1) * 4, 4);
    const HttpResponse response = Ask(TargetOf(header[absl::StrCat(part)]), {}, "PUT", piece);
    EXPECT_EQ(response.status, 200) << BodyOf(response);
    return response.headers.at("ETag");
  }

  Json SendParts(const Json& header, const std::string& bytes) {
    Json parts = Json::array();
    for (size_t part = 1; (part - 1) * 4 < bytes.size(); ++part) {
      parts.push_back({{"partNumber", part}, {"etag", SendPart(header, bytes, part)}});
    }
    return {{"oid", Sha256Hex(bytes)}, {"parts", parts}};
  }

  bool IsHere(const std::string& bytes) {
    return Post("/bob/x.git/info/lfs/verify", {{"oid", Sha256Hex(bytes)}, {"size", bytes.size()}})
               .status == 200;
  }

  // 36 parts.
  const std::string huge_ =
      "A long file of more than twenty parts, each of which has four bytes. "
      "It goes on and on, until there are a hundred and forty-four bytes in it....";
};

TEST_F(LfsUploadsTest, PutsALargeFileTogetherFromItsParts) {
  const Json upload = ActionsOf(huge_)["upload"];
  EXPECT_EQ(upload["header"]["chunk_size"], "4");
  EXPECT_EQ(upload["header"].size(), 1 + huge_.size() / 4);
  const Json parts = SendParts(upload["header"], huge_);
  EXPECT_FALSE(IsHere(huge_));
  for (int time = 0; time < 2; ++time) {
    const HttpResponse joined = Post(TargetOf(upload["href"]), parts);
    EXPECT_EQ(joined.status, 200) << BodyOf(joined);
  }
  EXPECT_TRUE(IsHere(huge_));
  EXPECT_TRUE(ActionsOf(huge_).empty());
}

TEST_F(LfsUploadsTest, TakesPartsInAnyOrder) {
  const Json upload = ActionsOf(huge_)["upload"];
  for (size_t part = huge_.size() / 4; part > 0; --part) SendPart(upload["header"], huge_, part);
  EXPECT_EQ(Post(TargetOf(upload["href"]), SendParts(upload["header"], huge_)).status, 200);
  EXPECT_TRUE(IsHere(huge_));
}

TEST_F(LfsUploadsTest, SendsSmallFilesAndClientsThatDoNotWaitTheStraightWay) {
  EXPECT_FALSE(ActionsOf("small")["upload"].contains("header"));
  EXPECT_FALSE(ActionsOf(huge_, "hf_hub/1.19.0; python/3.11")["upload"].contains("header"));
  EXPECT_TRUE(ActionsOf(huge_, "git-lfs/3.3.0")["upload"].contains("header"));
}

TEST_F(LfsUploadsTest, HasNoMoreThanAThousandParts) {
  const std::string bytes(5001, 'x');
  const Json header = ActionsOf(bytes)["upload"]["header"];
  EXPECT_EQ(header["chunk_size"], "6");
  EXPECT_EQ(header.size(), 1u + 834);
}

TEST_F(LfsUploadsTest, RefusesPartsThatDoNotMakeTheFile) {
  const Json upload = ActionsOf(huge_)["upload"];
  const std::string target = TargetOf(upload["href"]);
  const Json parts = SendParts(upload["header"], huge_);
  Json swapped = parts;
  std::swap(swapped["parts"][0]["etag"], swapped["parts"][1]["etag"]);
  Json short_by_one = parts;
  short_by_one["parts"].erase(short_by_one["parts"].size() - 1);
  Json unordered = parts;
  std::swap(unordered["parts"][0], unordered["parts"][1]);
  Json unknown = parts;
  unknown["parts"][0]["etag"] = Sha256Hex("none");
  Json no_digest = parts;
  no_digest["parts"][0]["etag"] = "../../x";
  for (const auto& [body, status, message] :
       {std::tuple(swapped, 400, "do not make the file"),
        std::tuple(short_by_one, 400, "send every part whole"),
        std::tuple(unordered, 400, "ordered by partNumber"),
        std::tuple(unknown, 412, "part 1 is not here any more"),
        std::tuple(no_digest, 400, "is not a digest"), std::tuple(Json::object(), 400, "parts")}) {
    const HttpResponse response = Post(target, body);
    EXPECT_EQ(response.status, status) << BodyOf(response);
    EXPECT_THAT(BodyOf(response), HasSubstr(message));
  }
  EXPECT_FALSE(IsHere(huge_));
  EXPECT_EQ(Post(target, parts).status, 200);
}

TEST_F(LfsUploadsTest, TakesNoPartElsewhereThanItWasToldTo) {
  const Json header = ActionsOf(huge_)["upload"]["header"];
  const std::string first = TargetOf(header["1"]);
  const std::string second = "/lfs/parts/" + Sha256Hex(huge_) + "/2";
  EXPECT_EQ(Ask(second + first.substr(first.find('?')), {}, "PUT", "xxxx").status, 403);
  EXPECT_EQ(Ask(first, {}, "PUT", "more than four bytes").status, 400);
  EXPECT_EQ(Ask(first, {}, "POST", "xxxx").status, 405);
  clock_.Advance(absl::Hours(25));
  EXPECT_EQ(Ask(first, {}, "PUT", "xxxx").status, 403);
}

}  // namespace
}  // namespace ropewalk
