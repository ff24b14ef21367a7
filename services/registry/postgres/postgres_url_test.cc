#include "services/registry/postgres/postgres_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Parsed(const std::string& url) {
  const auto parsed = PostgresConnectionString(url, absl::Seconds(5));
  EXPECT_TRUE(parsed.ok()) << url << ": " << parsed.status();
  return parsed.value_or("");
}

TEST(PostgresUrl, HasUserPasswordHostPortAndDatabase) {
  for (const char* const scheme : {"postgres", "postgresql"}) {
    EXPECT_THAT(Parsed(std::string(scheme) + "://me:secret@db.example:5433/registry"),
                AllOf(HasSubstr("user='me'"), HasSubstr("password='secret'"),
                      HasSubstr("host='db.example'"), HasSubstr("port='5433'"),
                      HasSubstr("dbname='registry'")));
  }
}

TEST(PostgresUrl, MayLeaveEverythingOut) {
  const std::string parsed = Parsed("postgres://");
  for (const char* const keyword : {"user=", "password=", "host=", "port=", "dbname="}) {
    EXPECT_THAT(parsed, Not(HasSubstr(keyword)));
  }
}

TEST(PostgresUrl, DecodesItsParts) {
  EXPECT_THAT(Parsed("postgres://m%40e:p%2F%3A%25'%5C@%2Frun%2Fpg/d%3F"),
              AllOf(HasSubstr("user='m@e'"), HasSubstr(R"(password='p/:%\'\\')"),
                    HasSubstr("host='/run/pg'"), HasSubstr("dbname='d?'")));
  EXPECT_THAT(Parsed("postgres://a:b:c@h"), HasSubstr("password='b:c'"));
}

TEST(PostgresUrl, NamesSeveralHosts) {
  EXPECT_THAT(Parsed("postgres://a,[::1]:5433,c:5434/d"),
              AllOf(HasSubstr("host='a,::1,c'"), HasSubstr("port=',5433,5434'")));
  EXPECT_THAT(Parsed("postgres://a,b/d"), HasSubstr("target_session_attrs='read-write'"));
}

TEST(PostgresUrl, SettlesWhatItLeavesOpen) {
  const std::string parsed = Parsed("postgres://h/d?sslmode=verify-full&connect_timeout=9");
  EXPECT_THAT(parsed, AllOf(HasSubstr("sslmode='verify-full'"), HasSubstr("connect_timeout='9'"),
                            HasSubstr("application_name='ropewalk-registry'"),
                            HasSubstr("client_encoding='UTF8'")));
  EXPECT_THAT(Parsed("postgres://h/d"), HasSubstr("connect_timeout='5'"));
}

TEST(PostgresUrl, IsNothingElse) {
  for (const char* const url :
       {"", "h", "mysql://h", "postgres:/h", "postgres://h:x", "postgres://h:123456",
        "postgres://[::1", "postgres://[::1]5432", "postgres://h/d?a", "postgres://h/d?=b",
        "postgres://h/d?a%20b=c", "postgres://u:%2@h", "postgres://h/%zz", "postgres://%00"}) {
    const auto parsed = PostgresConnectionString(url, absl::Seconds(5));
    EXPECT_TRUE(absl::IsInvalidArgument(parsed.status())) << url << ": " << parsed.status();
  }
}

// A password whose special characters are not encoded ends up in any part.
TEST(PostgresUrl, IsNotRepeatedInErrors) {
  for (const char* const url :
       {"postgres://u:Geh@eim@h/d", "postgres://u:Geh/eim@h/d", "postgres://u:Geh?eim@h/d",
        "postgres://u:Geh?a=eim@h/d", "postgres://u:Geheim", "postgres://u:Geh%eim@h/d",
        "postgres://u:Geh@eim:x@h", "http://u:Geheim@h", "postgres://h/d?pass word=Geheim"}) {
    const auto parsed = PostgresConnectionString(url, absl::Seconds(5));
    EXPECT_TRUE(absl::IsInvalidArgument(parsed.status())) << url << ": " << parsed.status();
    EXPECT_THAT(std::string(parsed.status().message()),
                AllOf(Not(HasSubstr("Geh")), Not(HasSubstr("eim"))));
  }
}

}  // namespace
}  // namespace ropewalk
