#include "memory/detectors.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace cortex::memory {
namespace {

// Longer literals stand before those that they begin with: the first match of a place counts.
constexpr TokenDetector kTokens[] = {
    {"aws_access_key_id", "AKIA", Alphabet::kUpperDigits, 16, 16},
    {"aws_temporary_key_id", "ASIA", Alphabet::kUpperDigits, 16, 16},
    {"aws_secret_access_key", "aws_secret_access_key", Alphabet::kBase64, 40, 40,
     GateAction::kRedact, true},
    {"github_token", "ghp_", Alphabet::kAlnum, 36, 255},
    {"github_oauth_token", "gho_", Alphabet::kAlnum, 36, 255},
    {"github_user_token", "ghu_", Alphabet::kAlnum, 36, 255},
    {"github_server_token", "ghs_", Alphabet::kAlnum, 36, 255},
    {"github_refresh_token", "ghr_", Alphabet::kAlnum, 36, 255},
    {"github_fine_grained_token", "github_pat_", Alphabet::kWord, 60, 255},
    {"gitlab_token", "glpat-", Alphabet::kWordDash, 20, 128},
    {"gitlab_runner_token", "glrt-", Alphabet::kWordDash, 20, 128},
    {"gitlab_deploy_token", "gldt-", Alphabet::kWordDash, 20, 128},
    {"gitlab_pipeline_token", "glptt-", Alphabet::kWordDash, 20, 128},
    {"slack_bot_token", "xoxb-", Alphabet::kWordDash, 20, 255},
    {"slack_user_token", "xoxp-", Alphabet::kWordDash, 20, 255},
    {"slack_workspace_token", "xoxa-", Alphabet::kWordDash, 20, 255},
    {"slack_refresh_token", "xoxr-", Alphabet::kWordDash, 20, 255},
    {"slack_app_token", "xapp-", Alphabet::kWordDash, 20, 255},
    {"slack_webhook", "hooks.slack.com/services/", Alphabet::kPath, 20, 128},
    {"discord_webhook", "discord.com/api/webhooks/", Alphabet::kPath, 60, 160},
    {"stripe_live_key", "sk_live_", Alphabet::kAlnum, 16, 255},
    {"stripe_test_key", "sk_test_", Alphabet::kAlnum, 16, 255},
    {"stripe_restricted_key", "rk_live_", Alphabet::kAlnum, 16, 255},
    {"stripe_webhook_secret", "whsec_", Alphabet::kBase64, 24, 255},
    {"anthropic_key", "sk-ant-", Alphabet::kWordDash, 20, 255},
    {"openai_project_key", "sk-proj-", Alphabet::kWordDash, 20, 255},
    {"openai_key", "sk-", Alphabet::kAlnum, 32, 64},
    {"google_api_key", "AIza", Alphabet::kWordDash, 35, 35},
    {"google_access_token", "ya29.", Alphabet::kWordDash, 20, 1024},
    {"google_client_secret", "GOCSPX-", Alphabet::kWordDash, 24, 40},
    {"sendgrid_key", "SG.", Alphabet::kWordDashDot, 40, 100},
    {"twilio_account_sid", "AC", Alphabet::kLowerHex, 32, 32},
    {"twilio_api_key", "SK", Alphabet::kLowerHex, 32, 32},
    {"mailgun_key", "key-", Alphabet::kLowerHex, 32, 32},
    {"mailchimp_key", "mailchimp_api_key", Alphabet::kWordDash, 32, 48, GateAction::kRedact, true},
    {"npm_token", "npm_", Alphabet::kAlnum, 36, 36},
    {"pypi_token", "pypi-", Alphabet::kWordDash, 85, 255},
    {"rubygems_key", "rubygems_", Alphabet::kLowerHex, 48, 48},
    {"docker_hub_token", "dckr_pat_", Alphabet::kWordDash, 20, 64},
    {"digitalocean_token", "dop_v1_", Alphabet::kLowerHex, 64, 64},
    {"digitalocean_oauth_token", "doo_v1_", Alphabet::kLowerHex, 64, 64},
    {"digitalocean_refresh_token", "dor_v1_", Alphabet::kLowerHex, 64, 64},
    {"shopify_access_token", "shpat_", Alphabet::kLowerHex, 32, 32},
    {"shopify_shared_secret", "shpss_", Alphabet::kLowerHex, 32, 32},
    {"shopify_custom_token", "shpca_", Alphabet::kLowerHex, 32, 32},
    {"square_access_token", "sq0atp-", Alphabet::kWordDash, 22, 22},
    {"square_oauth_secret", "sq0csp-", Alphabet::kWordDash, 43, 43},
    {"databricks_token", "dapi", Alphabet::kLowerHex, 32, 32},
    {"vault_service_token", "hvs.", Alphabet::kWordDash, 24, 255},
    {"vault_batch_token", "hvb.", Alphabet::kWordDash, 24, 512},
    {"planetscale_password", "pscale_pw_", Alphabet::kWordDashDot, 32, 64},
    {"planetscale_token", "pscale_tkn_", Alphabet::kWordDashDot, 32, 64},
    {"huggingface_token", "hf_", Alphabet::kAlnum, 34, 40},
    {"replicate_token", "r8_", Alphabet::kAlnum, 37, 40},
    {"grafana_service_token", "glsa_", Alphabet::kWord, 32, 64},
    {"grafana_cloud_token", "glc_", Alphabet::kBase64, 32, 400},
    {"new_relic_key", "NRAK-", Alphabet::kUpperDigits, 27, 27},
    {"sentry_token", "sntryu_", Alphabet::kLowerHex, 64, 64},
    {"linear_key", "lin_api_", Alphabet::kAlnum, 40, 48},
    {"notion_token", "ntn_", Alphabet::kAlnum, 40, 64},
    {"figma_token", "figd_", Alphabet::kWordDash, 40, 64},
    {"atlassian_token", "ATATT3", Alphabet::kBase64, 100, 255},
    {"dropbox_token", "sl.", Alphabet::kWordDash, 100, 1500},
    {"age_secret_key", "AGE-SECRET-KEY-1", Alphabet::kUpperDigits, 58, 58, GateAction::kRefuse},
    {"azure_account_key", "AccountKey", Alphabet::kBase64, 86, 88, GateAction::kRedact, true},
    {"bearer_header", "authorization: bearer", Alphabet::kToken68, 16, 4096, GateAction::kRedact,
     true},
    {"basic_header", "authorization: basic", Alphabet::kBase64, 8, 4096, GateAction::kRedact, true},
    {"api_key_value", "api_key", Alphabet::kVisible, 12, 512, GateAction::kRedact, true},
    {"client_secret_value", "client_secret", Alphabet::kVisible, 8, 512, GateAction::kRedact, true},
    {"access_token_value", "access_token", Alphabet::kVisible, 12, 4096, GateAction::kRedact, true},
    {"password_value", "password", Alphabet::kVisible, 6, 256, GateAction::kRedact, true},
};

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i < text.size() && is_digit(text[i])) ++i;
  return i - at;
}

// Digits from `at` on with single blanks or dashes between them: their bytes, and how far they go.
struct DigitRun {
  std::string digits;
  std::size_t length = 0;
};
DigitRun digit_run(std::string_view text, std::size_t at, std::size_t most) {
  DigitRun run;
  for (std::size_t i = at; i < text.size() && run.digits.size() <= most; ++i) {
    if (is_digit(text[i])) {
      run.digits.push_back(text[i]);
      run.length = i + 1 - at;
    } else if ((text[i] != ' ' && text[i] != '-') || run.length != i - at) {
      break;
    }
  }
  return run;
}

constexpr std::size_t kCardLeast = 13, kCardMost = 19;

// The first four digits of a number that an issuer of cards may have given out.
bool is_card_issuer(std::string_view digits) {
  constexpr std::size_t kIssuer = 4;
  constexpr std::pair<std::string_view, std::string_view> kRanges[] = {
      {"2221", "2720"}, {"3000", "3059"}, {"3400", "3499"}, {"3528", "3589"},
      {"3600", "3799"}, {"3800", "3999"}, {"4000", "6999"}};
  const std::string_view issuer = digits.substr(0, kIssuer);
  return std::ranges::any_of(kRanges, [issuer](const auto& range) {
    return range.first <= issuer && issuer <= range.second;
  });
}

// A card's number at `at` that is written as on cards or in one piece and ends with a group of
// digits, whatever follows: its length, or 0.
std::size_t card_at(std::string_view text, std::size_t at) {
  constexpr std::string_view kGrouped[] = {"9999 9999 9999 9999 999", "9999 9999 9999 9999",
                                           "9999 999999 99999", "9999 999999 9999"};
  const auto is_card = [](std::string_view digits) {
    return is_card_issuer(digits) && passes_luhn(digits);
  };
  const std::size_t piece = digits_at(text, at);
  if (piece >= kCardLeast) {
    return piece <= kCardMost && is_card(text.substr(at, piece)) ? piece : 0;
  }
  for (const std::string_view groups : kGrouped) {
    const std::string_view there = text.substr(at, groups.size());
    if (there.size() < groups.size() || digits_at(text, at + there.size()) > 0) continue;
    const bool fits = std::ranges::equal(there, groups, [](char c, char pattern) {
      return pattern == '9' ? is_digit(c) : c == ' ' || c == '-';
    });
    if (fits && is_card(digit_run(there, 0, kCardMost).digits)) return there.size();
  }
  return 0;
}

// Whether the digits at `at` may stand behind a card: when it ends, a code, another card. Four
// other digits are the next number of a list.
bool may_follow_card(std::string_view text, std::size_t at) {
  const std::size_t length = digits_at(text, at);
  if (length == 0) return false;
  const std::string_view month = text.substr(at, 2);
  return length != 4 || (month >= "01" && month <= "12") || card_at(text, at) > 0;
}

std::size_t match_card(std::string_view text, std::size_t at) {
  if (!is_digit(text[at]) || text[at] == '0') return 0;
  const DigitRun run = digit_run(text, at, kCardMost);
  const bool fits = run.digits.size() >= kCardLeast && run.digits.size() <= kCardMost;
  if (fits && passes_luhn(run.digits)) return run.length;
  // Or the digits go on behind it, after a blank.
  const std::size_t card = run.digits.size() >= kCardLeast ? card_at(text, at) : 0;
  const std::size_t end = at + card;
  if (card == 0 || end >= text.size() || text[end] != ' ') return 0;
  return may_follow_card(text, end + 1) ? card : 0;
}

std::size_t match_iban(std::string_view text, std::size_t at) {
  constexpr std::size_t kLeast = 15, kMost = 34;
  if (text.size() < at + kLeast || !is_upper(text[at]) || !is_upper(text[at + 1]) ||
      !is_digit(text[at + 2]) || !is_digit(text[at + 3])) {
    return 0;
  }
  std::string iban;
  std::size_t length = 0;
  for (std::size_t i = at; i < text.size() && iban.size() <= kMost; ++i) {
    if (is_digit(text[i]) || is_upper(text[i])) {
      iban.push_back(text[i]);
      if (iban.size() >= kLeast && iban.size() <= kMost && passes_mod97(iban)) length = i + 1 - at;
    } else if (text[i] != ' ') {
      break;
    }
  }
  return length;
}

// `pattern`: 9 stands for a digit, A for a capital letter, the rest for itself.
bool looks_like(std::string_view text, std::size_t at, std::string_view pattern) {
  if (text.size() - at < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = text[at + i];
    const bool fits = pattern[i] == '9'   ? is_digit(c)
                      : pattern[i] == 'A' ? is_upper(c)
                                          : pattern[i] == c;
    if (!fits) return false;
  }
  return true;
}

std::size_t match_us_ssn(std::string_view text, std::size_t at) {
  constexpr std::string_view kPattern = "999-99-9999";
  if (!looks_like(text, at, kPattern)) return 0;
  const std::string_view area = text.substr(at, 3);
  const bool never = area == "000" || area == "666" || area[0] == '9' ||
                     text.substr(at + 4, 2) == "00" || text.substr(at + 7, 4) == "0000";
  return never ? 0 : kPattern.size();
}

std::size_t match_uk_nino(std::string_view text, std::size_t at) {
  constexpr std::string_view kClosed = "AA999999A", kOpen = "AA 99 99 99 A";
  constexpr std::string_view kNever = "DFIQUV", kSuffix = "ABCD";
  for (const std::string_view pattern : {kClosed, kOpen}) {
    if (!looks_like(text, at, pattern)) continue;
    const bool valid = kNever.find(text[at]) == std::string_view::npos &&
                       kNever.find(text[at + 1]) == std::string_view::npos && text[at + 1] != 'O' &&
                       kSuffix.find(text[at + pattern.size() - 1]) != std::string_view::npos;
    return valid ? pattern.size() : 0;
  }
  return 0;
}

std::size_t match_ca_sin(std::string_view text, std::size_t at) {
  for (const std::string_view pattern : {"999-999-999", "999 999 999"}) {
    if (!looks_like(text, at, pattern)) continue;
    const DigitRun run = digit_run(text, at, 9);
    return run.digits[0] != '0' && passes_luhn(run.digits) ? pattern.size() : 0;
  }
  return 0;
}

std::size_t match_es_dni(std::string_view text, std::size_t at) {
  constexpr std::string_view kPattern = "99999999A", kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  if (!looks_like(text, at, kPattern)) return 0;
  std::size_t number = 0;
  for (std::size_t i = 0; i < 8; ++i)
    number = number * 10 + static_cast<std::size_t>(text[at + i] - '0');
  return text[at + 8] == kLetters[number % kLetters.size()] ? kPattern.size() : 0;
}

std::size_t match_de_tax_id(std::string_view text, std::size_t at) {
  constexpr std::size_t kDigits = 11;
  if (!looks_like(text, at, "99999999999") || text[at] == '0') return 0;
  std::size_t product = 10;  // ISO 7064, MOD 11,10
  for (std::size_t i = 0; i + 1 < kDigits; ++i) {
    std::size_t sum = (static_cast<std::size_t>(text[at + i] - '0') + product) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  const std::size_t check = (11 - product) % 10;
  return static_cast<std::size_t>(text[at + kDigits - 1] - '0') == check ? kDigits : 0;
}

constexpr bool is_email_byte(char c) {
  return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

std::size_t match_email(std::string_view text, std::size_t at) {
  constexpr std::size_t kLocalMost = 64, kDomainMost = 253;
  std::size_t i = at;
  while (i < text.size() && i - at < kLocalMost && is_email_byte(text[i])) ++i;
  if (i == at || i >= text.size() || text[i] != '@') return 0;
  const std::size_t domain = ++i;
  std::size_t dot = 0;
  while (i < text.size() && i - domain < kDomainMost &&
         (is_alnum(text[i]) || text[i] == '-' || text[i] == '.')) {
    if (text[i] == '.' && i + 2 < text.size() && is_letter(text[i + 1]) && is_letter(text[i + 2])) {
      dot = i;
    }
    ++i;
  }
  while (i > domain && !is_alnum(text[i - 1])) --i;
  return dot > domain && i > dot + 2 ? i - at : 0;
}

std::size_t match_phone(std::string_view text, std::size_t at) {
  constexpr std::size_t kLeast = 8, kMost = 15;
  if (text[at] != '+' || at + 1 >= text.size() || !is_digit(text[at + 1])) return 0;
  const DigitRun run = digit_run(text, at + 1, kMost);
  return run.digits.size() >= kLeast && run.digits.size() <= kMost ? run.length + 1 : 0;
}

std::size_t match_pem(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ";
  constexpr std::size_t kLabelMost = 40;
  if (!text.substr(at).starts_with(kBegin)) return 0;
  const std::string_view label = text.substr(at + kBegin.size(), kLabelMost);
  if (label.substr(0, label.find('-')).find("PRIVATE KEY") == std::string_view::npos) return 0;
  const std::size_t end = text.find(kEnd, at);
  if (end == std::string_view::npos) return text.size() - at;
  const std::size_t close = text.find("-----", end + kEnd.size());
  return close == std::string_view::npos ? text.size() - at : close + 5 - at;
}

std::size_t run_of(std::string_view text, std::size_t at, Alphabet alphabet) {
  std::size_t i = at;
  while (i < text.size() && is_in(alphabet, text[i])) ++i;
  return i - at;
}

std::size_t match_jwt(std::string_view text, std::size_t at) {
  constexpr std::size_t kPartLeast = 8;
  if (!text.substr(at).starts_with("eyJ")) return 0;
  std::size_t end = at;
  for (int part = 0; part < 3; ++part) {
    const std::size_t length = run_of(text, end, Alphabet::kWordDash);
    if (length < kPartLeast) return 0;
    end += length;
    if (part == 2) return end - at;
    if (end >= text.size() || text[end] != '.') return 0;
    ++end;
  }
  return 0;
}

// What follows the first part is the same wherever in it one begins.
std::size_t hopeless_jwt(std::string_view text, std::size_t at) {
  return text.substr(at).starts_with("eyJ") ? run_of(text, at, Alphabet::kWordDash) : 0;
}

std::size_t match_telegram(std::string_view text, std::size_t at) {
  constexpr std::size_t kIdLeast = 8, kIdMost = 10, kSecret = 35;
  std::size_t i = at;
  while (i < text.size() && is_digit(text[i])) ++i;
  if (i - at < kIdLeast || i - at > kIdMost || i >= text.size() || text[i] != ':') return 0;
  return run_of(text, i + 1, Alphabet::kWordDash) == kSecret ? i + 1 + kSecret - at : 0;
}

constexpr bool is_scheme_byte(char c) { return is_alnum(c) || c == '+'; }

// scheme://user:password@host: from the scheme to the "@". There may be no user
// (redis://:password@host), and "@" in a password that was not escaped: the last one counts before
// the host ends.
std::size_t match_url_password(std::string_view text, std::size_t at) {
  constexpr std::size_t kSchemeMost = 24, kPartMost = 256;
  constexpr std::string_view kEndsHost = "?#,;";
  std::size_t i = at;
  while (i < text.size() && i - at < kSchemeMost && is_scheme_byte(text[i])) ++i;
  if (i == at || !text.substr(i).starts_with("://")) return 0;
  const std::size_t user = i + 3;
  std::size_t password = 0, end = 0;
  for (i = user; i < text.size() && i - user < kPartMost; ++i) {
    const char c = text[i];
    if (c == ':' && password == 0) password = i + 1;
    if (c == '/' || !is_in(Alphabet::kVisible, c)) break;
    if (end > 0 && kEndsHost.find(c) != std::string_view::npos) break;
    if (c != '@') continue;
    if (password == 0 || i == password) return 0;
    end = i + 1;
  }
  return end > 0 ? end - at : 0;
}

template <char C>
constexpr bool is(char c) {
  return c == C;
}

constexpr ShapeDetector kShapes[] = {
    {"private_key", "secret", match_pem, GateAction::kRefuse, "a PEM block of a private key",
     is<'-'>, "-----BEGIN "},
    {"json_web_token", "secret", match_jwt, GateAction::kRedact, "eyJ, three parts", is<'e'>, "eyJ",
     hopeless_jwt},
    {"telegram_bot_token", "secret", match_telegram, GateAction::kRedact, "8-10 digits : 35",
     is_digit, ":"},
    {"url_password", "secret", match_url_password, GateAction::kRedact, "scheme://user:password@",
     is_scheme_byte, "://"},
    {"payment_card", "personal", match_card, GateAction::kRedact, "13-19 digits, Luhn", is_digit},
    {"iban", "personal", match_iban, GateAction::kRedact, "country, digits, mod 97", is_upper},
    {"us_social_security", "personal", match_us_ssn, GateAction::kRedact, "999-99-9999, ranges",
     is_digit, "-"},
    {"uk_national_insurance", "personal", match_uk_nino, GateAction::kRedact, "AA999999A, letters",
     is_upper},
    {"ca_social_insurance", "personal", match_ca_sin, GateAction::kRedact, "999-999-999, Luhn",
     is_digit},
    {"es_national_id", "personal", match_es_dni, GateAction::kRedact, "99999999A, mod 23",
     is_digit},
    {"de_tax_id", "personal", match_de_tax_id, GateAction::kRedact, "11 digits, MOD 11,10",
     is_digit},
    {"email_address", "personal", match_email, GateAction::kReport, "local@domain.tld",
     is_email_byte, "@"},
    {"phone_number", "personal", match_phone, GateAction::kReport, "+ and 8-15 digits", is<'+'>,
     "+"},
};

constexpr FirstBytes index_first_bytes() {
  FirstBytes index;
  std::uint16_t used = 0;
  for (std::size_t byte = 0; byte < index.bytes.size(); ++byte) {
    const char c = static_cast<char>(byte);
    FirstByte& out = index.bytes[byte];
    out.is_word = is_alnum(c) || c == '_';
    out.first_token = used;
    for (std::size_t row = 0; row < std::size(kTokens); ++row) {
      const char first = kTokens[row].literal.front();
      if (kTokens[row].gap ? to_lower_ascii(first) != to_lower_ascii(c) : first != c) continue;
      index.token_rows.at(used++) = static_cast<std::uint8_t>(row);
      ++out.token_count;
      out.begins_inside = out.begins_inside || kTokens[row].gap;
    }
    for (std::size_t row = 0; row < std::size(kShapes); ++row) {
      if (kShapes[row].begins(c)) out.shapes |= 1U << row;
    }
  }
  return index;
}
constexpr FirstBytes kFirstBytes = index_first_bytes();

}  // namespace

std::span<const TokenDetector> token_detectors() { return kTokens; }
std::span<const ShapeDetector> shape_detectors() { return kShapes; }
const FirstBytes& first_bytes() { return kFirstBytes; }

bool is_in(Alphabet alphabet, char c) {
  switch (alphabet) {
    case Alphabet::kLowerHex:
      return is_digit(c) || (c >= 'a' && c <= 'f');
    case Alphabet::kUpperDigits:
      return is_digit(c) || is_upper(c);
    case Alphabet::kAlnum:
      return is_alnum(c);
    case Alphabet::kWord:
      return is_alnum(c) || c == '_';
    case Alphabet::kWordDash:
      return is_alnum(c) || c == '_' || c == '-';
    case Alphabet::kWordDashDot:
      return is_alnum(c) || c == '_' || c == '-' || c == '.';
    case Alphabet::kBase64:
      return is_alnum(c) || c == '+' || c == '/' || c == '=';
    case Alphabet::kPath:
      return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
    case Alphabet::kToken68:
      return is_alnum(c) || std::string_view("_-.~+/=").contains(c);
    case Alphabet::kVisible:
      return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '\'' && c != '\x7f';
  }
  return false;
}

bool passes_luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i > 0; --i, twice = !twice) {
    int digit = digits[i - 1] - '0';
    if (twice) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool passes_mod97(std::string_view iban) {
  constexpr unsigned kModulus = 97;
  if (iban.size() < 5) return false;
  const std::string turned = cat(iban.substr(4), iban.substr(0, 4));
  unsigned rest = 0;
  for (const char c : turned) {
    const unsigned value =
        is_digit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(c - 'A') + 10;
    rest = (rest * (value > 9 ? 100U : 10U) + value) % kModulus;
  }
  return rest == 1;
}

}  // namespace cortex::memory
