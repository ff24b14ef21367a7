#include "services/registry/xet/xet_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/registry/xet/xet_fixture.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

class XetHandlerTest : public XetFixture {
 protected:
  XetHandlerTest() : handler_(store_.get(), blobs_.get(), &tokens_, &clock_) {}

  nlohmann::json Token() {
    const HttpResponse response = handler_.WriteToken("http://registry:7081");
    return nlohmann::json::parse(std::get<std::string>(response.body));
  }

  // As a client does that has asked for a token just now.
  HttpResponse Send(const std::string& method, const std::string& call, const std::string& body) {
    const nlohmann::json token = Token();
    const std::string root =
        token["casUrl"].get<std::string>().substr(strlen("http://registry:7081"));
    return Send(method, root + call, body,
                absl::StrCat("Bearer ", token["accessToken"].get<std::string>()));
  }

  HttpResponse Send(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& authorization) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers["authorization"] = authorization;
    EXPECT_TRUE(XetHandler::Takes(path)) << path;
    const auto exchange = handler_.Begin(request);
    for (size_t i = 0; i < body.size(); i += 1000) {
      if (auto early = exchange->Append(absl::string_view(body).substr(i, 1000))) {
        return *std::move(early);
      }
    }
    return exchange->Finish();
  }

  static std::string BodyOf(const HttpResponse& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
    const auto& body = std::get<std::shared_ptr<HttpBody>>(response.body);
    std::string bytes;
    while (true) {
      const absl::StatusOr<std::string> piece = body->Next();
      EXPECT_TRUE(piece.ok()) << piece.status();
      if (!piece.ok() || piece->empty()) break;
      EXPECT_LE(piece->size(), 1u << 20);
      bytes += *piece;
    }
    EXPECT_EQ(static_cast<int64_t>(bytes.size()), body->size_bytes());
    return bytes;
  }

  // The lines that are not empty.
  static std::vector<nlohmann::json> LinesOf(const HttpResponse& response) {
    std::vector<nlohmann::json> lines;
    const std::string body = BodyOf(response);
    for (const absl::string_view line : absl::StrSplit(body, '\n')) {
      if (!line.empty()) lines.push_back(nlohmann::json::parse(line.begin(), line.end()));
    }
    return lines;
  }

  static std::string XorbCall(const std::string& hash) {
    return absl::StrCat("/v1/xorbs/default/", hash);
  }

  const XetTokens tokens_{SigningKey(std::string(32, 'k'))};
  XetHandler handler_;
  const TestXorb xorb_ = MakeXorb({"one", "two", "three"});
};

TEST_F(XetHandlerTest, TakesWhatRealClientsSend) {
  for (const char* const name : {"mixed", "again"}) {
    const auto upload = GoldenUpload(name);
    const HttpResponse xorb =
        Send("POST", XorbCall(upload["xorb"]), ReadGolden(absl::StrCat(name, ".xorb")));
    EXPECT_EQ(xorb.status, 200) << BodyOf(xorb);
    EXPECT_EQ(BodyOf(xorb), R"({"was_inserted":true})");
    const HttpResponse shard = Send("POST", "/v1/shards", ReadGolden(absl::StrCat(name, ".shard")));
    EXPECT_EQ(shard.status, 200) << BodyOf(shard);
    EXPECT_EQ(BodyOf(shard), R"({"result":1})");
    EXPECT_TRUE(HasBlob(upload["sha256"]));
  }
}

TEST_F(XetHandlerTest, TellsHowFarItIs) {
  const auto upload = GoldenUpload("mixed");
  Send("POST", XorbCall(upload["xorb"]), ReadGolden("mixed.xorb"));
  const HttpResponse response = Send("POST", "/v2/shards", ReadGolden("mixed.shard"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/x-ndjson");
  const auto lines = LinesOf(response);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back()["type"], "result");
  EXPECT_TRUE(HasBlob(upload["sha256"]));
}

TEST_F(XetHandlerTest, HasRoomForALineAStep) {
  Upload(xorb_);
  // Each term counts as 64 KiB of work, whatever its size.
  TestFile file;
  for (int i = 0; i < 2000; ++i) file.terms.push_back({&xorb_, 0, 3});
  const auto lines = LinesOf(Send("POST", "/v2/shards", MakeShard({file})));
  EXPECT_GE(lines.size(), 4u);
  EXPECT_EQ(lines.front()["type"], "validating");
  EXPECT_LT(lines.front()["verified"], lines.front()["total"]);
  EXPECT_EQ(lines.back()["type"], "result");
  EXPECT_TRUE(HasBlob(Sha256Hex(file.bytes())));
}

TEST_F(XetHandlerTest, EndsProgressWithTheError) {
  const auto lines = LinesOf(Send("POST", "/v2/shards", MakeShard({TestFile{{{&xorb_, 0, 3}}}})));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back()["type"], "error");
  EXPECT_EQ(lines.back()["retryable"], false);
  EXPECT_THAT(lines.back()["message"].get<std::string>(), HasSubstr("start the upload again"));
}

TEST_F(XetHandlerTest, IsSentNothingTwice) {
  EXPECT_EQ(BodyOf(Send("POST", XorbCall(XetHashToHex(xorb_.hash)), xorb_.bytes)),
            R"({"was_inserted":true})");
  const HttpResponse again = Send("POST", XorbCall(XetHashToHex(xorb_.hash)), xorb_.bytes);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(BodyOf(again), R"({"was_inserted":false})");
}

TEST_F(XetHandlerTest, SaysWhatIsWrong) {
  const HttpResponse missing = Send("POST", "/v1/shards", MakeShard({TestFile{{{&xorb_, 0, 3}}}}));
  EXPECT_EQ(missing.status, 400);
  EXPECT_THAT(BodyOf(missing), HasSubstr(XetHashToHex(xorb_.hash)));
  EXPECT_EQ(Send("POST", "/v1/shards", "not a shard").status, 400);
  EXPECT_EQ(Send("POST", "/v1/shards", std::string(5000, 'x')).status, 400);
  EXPECT_EQ(Send("POST", XorbCall(XetHashToHex(xorb_.hash)), "not a xorb").status, 400);
  EXPECT_EQ(Send("POST", XorbCall(std::string(64, 'a')), xorb_.bytes).status, 400);
  EXPECT_EQ(Send("POST", XorbCall("../../" + std::string(58, 'a')), xorb_.bytes).status, 400);
  EXPECT_EQ(store_->waiting_bytes(), 0);
}

TEST_F(XetHandlerTest, KnowsNothingElse) {
  const std::string hash(64, 'a');
  EXPECT_EQ(Send("GET", "/v1/chunks/default/" + hash, "").status, 404);
  EXPECT_EQ(Send("POST", "/v1/xorb-grants/default/" + hash, R"({"length":1})").status, 404);
  EXPECT_EQ(Send("GET", "/v1/reconstructions/" + hash, "").status, 404);
  EXPECT_EQ(Send("GET", "/v1/xorbs/default/" + hash, "").status, 404);
}

TEST_F(XetHandlerTest, WantsAToken) {
  const std::string path = absl::StrCat("/xet/0/v1/xorbs/default/", XetHashToHex(xorb_.hash));
  const std::string good = tokens_.Issue(clock_.Now() + absl::Hours(1));
  EXPECT_EQ(Send("POST", path, xorb_.bytes, "").status, 401);
  EXPECT_EQ(Send("POST", path, xorb_.bytes, good).status, 401);
  EXPECT_EQ(Send("POST", path, xorb_.bytes, "Bearer ").status, 401);
  EXPECT_EQ(Send("POST", path, xorb_.bytes, absl::StrCat("Bearer ", good, "0")).status, 401);
  const std::string later = tokens_.Issue(clock_.Now() + absl::Hours(2));
  const std::vector<std::string> a = absl::StrSplit(good, '_'), b = absl::StrSplit(later, '_');
  EXPECT_EQ(Send("POST", path, xorb_.bytes, absl::StrCat("Bearer xet_", b[1], "_", a[2])).status,
            401);
  EXPECT_FALSE(Has(xorb_.hash));
  EXPECT_EQ(Send("POST", path, xorb_.bytes, absl::StrCat("Bearer ", good)).status, 200);
  clock_.Advance(absl::Minutes(61));
  EXPECT_EQ(Send("POST", path, xorb_.bytes, absl::StrCat("Bearer ", good)).status, 401);
}

TEST_F(XetHandlerTest, SaysWhereToSendAndForHowLong) {
  const nlohmann::json token = Token();
  EXPECT_EQ(token["casUrl"], absl::StrCat("http://registry:7081/xet/", store_->generation()));
  EXPECT_GT(token["exp"].get<int64_t>(), absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
  EXPECT_TRUE(tokens_.Check(token["accessToken"].get<std::string>(), clock_.Now()));
}

TEST_F(XetHandlerTest, TakesItsOwnPathsOnly) {
  EXPECT_TRUE(XetHandler::Takes("/xet/0123456789abcdef/v1/shards"));
  EXPECT_FALSE(XetHandler::Takes("/xet/model/resolve/main/v1/shards"));
  EXPECT_FALSE(XetHandler::Takes("/xet//v1/shards"));
  EXPECT_FALSE(XetHandler::Takes("/xet/v1"));
  EXPECT_FALSE(XetHandler::Takes("/api/models/xet/v1/v1/x"));
}

TEST(XetTokens, AreGoodWhereTheKeyIsTheSame) {
  const absl::Time now = absl::Now();
  const std::string token = XetTokens(SigningKey("key")).Issue(now + absl::Hours(1));
  EXPECT_TRUE(XetTokens(SigningKey("key")).Check(token, now));
  EXPECT_FALSE(XetTokens(SigningKey("key")).Check(token, now + absl::Hours(2)));
  EXPECT_FALSE(XetTokens(SigningKey("other")).Check(token, now));
}

}  // namespace
}  // namespace ropewalk
