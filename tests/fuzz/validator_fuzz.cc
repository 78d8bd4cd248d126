// The whole resolver, scrubber, caches and validator together, against an attacker who sits on every path. He may
// replace any reply by whatever can be put together from what honest signers have signed, from mutations of it, and
// from sets signed by the one zone that is his. Oracle: a secure answer is the truth; an insecure one is about names
// that anybody may speak of, and what it says of others is the truth; in the end the cache holds no lie.
#include <array>

#include "resolver/dnssec/validator.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/signed_world.h"
#include "tests/simulation/signed_internet.h"

namespace vouch {
namespace {

using dnssec_kit::set_of;
using simulation::Asked;
using simulation::Message;
using simulation::Scripted;
using simulation::World;
using simulation::WorldOptions;
using Region = SignedWorld::Region;

constexpr std::size_t kMaxQuestions = 6;
constexpr std::size_t kMaxSets = 8;  // in a section that the attacker has put together
constexpr Type kTypes[] = {Type::A,   Type::TXT,    Type::CNAME, Type::DS,   Type::NS,
                           Type::SOA, Type::DNSKEY, Type::NSEC,  Type::DNAME};

std::vector<Buffer> copies(RRset::Range range) {
  std::vector<Buffer> all;
  for (const Bytes each : range) { all.emplace_back(each.begin(), each.end()); }
  return all;
}

// One lie, told by the input's choices.
class Lie {
 public:
  Lie(FuzzInput& input, SignedWorld& world) : input_(input), world_(world) {}

  void change(const Question& question, Reply& reply) {
    switch (input_.octet() % 12) {
      case 1:
      case 2:
        change_sets(reply, question);
        break;
      case 3:  // what is true of another name, or another zone's word on this one
        reply = other_reply(question);
        break;
      case 4:
        put_together(reply, question);
        break;
      case 5:
        reply.answer.clear();
        break;
      case 6:
        reply.answer.clear();
        reply.rcode = (input_.octet() & 1) != 0 ? Rcode::name_error : Rcode::no_error;
        reply.authority = some_sets(question);
        break;
      case 7:
        for (RRsetPtr& set : reply.answer) { set = forged(*set); }
        break;
      case 8:
        reply.authority = some_sets(question);
        break;
      case 9: {
        const std::vector<RRsetPtr> more = some_sets(question);
        reply.authority.insert(reply.authority.end(), more.begin(), more.end());
        break;
      }
      default:
        break;  // honest
    }
  }

  Name name(const Question& question) {
    const std::uint8_t choice = input_.octet();
    if (choice < 96) { return question.name; }
    if (choice < 128) { return Name(question.name.view().parent()); }
    Name name = world_.names()[input_.below(world_.names().size())];
    if (choice >= 208) { name.prepend_label(bytes_of(choice >= 232 ? "x" : "*")); }
    return name;
  }
  Type type() { return kTypes[input_.octet() % std::size(kTypes)]; }
  Name some_zone() { return world_.origin(input_.below(world_.zone_count())); }

 private:
  std::vector<RRsetPtr> some_sets(const Question& question) {
    std::vector<RRsetPtr> sets;
    for (std::size_t count = input_.octet() % (kMaxSets + 1); count > 0; --count) {
      sets.push_back(some_set(question));
    }
    return sets;
  }
  RRsetPtr genuine() {
    const std::size_t zone = input_.octet() % world_.zone_count();
    const auto& sets = (input_.octet() & 1) != 0 ? world_.proofs(zone) : world_.data(zone);
    return sets.empty() ? world_.proofs(0).front() : sets[input_.octet() % sets.size()];
  }
  RRsetPtr some_set(const Question& question) {
    const std::uint8_t choice = input_.octet();
    if (choice < 32) { return set_of(name(question), Type::A, 300, {{203, 0, 113, 66}}); }
    if (choice < 64) { return own(question); }
    RRsetPtr set = genuine();
    if (choice < 160) { return set; }
    for (int rounds = 1 + choice % 2; rounds > 0; --rounds) { set = mutated(*set, question); }
    return set;
  }
  // Signed by the attacker's zone's key, in whoever's name.
  RRsetPtr own(const Question& question) {
    RRsetPtr set = genuine();
    const std::uint8_t how = input_.octet();
    if ((how & 1) != 0) { set = with_owner(*set, name(question)); }
    if ((how & 2) != 0) { set = forged(*set); }
    const Name signer = (how & 4) != 0 ? name(question) : (how & 8) != 0 ? some_zone() : world_.attacker().origin();
    dnssec_kit::SignOptions options;
    if ((how & 16) != 0) { options.labels = u8(input_.octet() % 5); }
    if ((how & 32) != 0) { options.key_tag = world_.root().key().tag(); }
    return dnssec_kit::signed_set(*set, world_.attacker().key(), signer, options);
  }
  RRsetPtr mutated(const RRset& set, const Question& question) {
    std::vector<Buffer> rdata = copies(set.rdata()), signatures = copies(set.signatures());
    const RRsetPtr from = genuine();
    const RRset& other = *from;
    switch (input_.octet() % 8) {
      case 0:
        return with_owner(set, name(question));
      case 1:
        return dnssec_kit::with_signatures(set, {});
      case 2:
        return dnssec_kit::with_signatures(set, copies(other.signatures()));
      case 3:
        return forged(set);
      case 4: {  // the signatures of both
        for (Buffer& each : copies(other.signatures())) { signatures.push_back(std::move(each)); }
        return dnssec_kit::with_signatures(set, signatures);
      }
      case 5:  // an octet of a signature: its fields are in front
        if (!signatures.empty() && !signatures[0].empty()) {
          Buffer& octets = signatures[input_.below(signatures.size())];
          octets[input_.below((input_.octet() & 1) != 0 ? std::size_t{18} : octets.size())] ^= u8(input_.octet() | 1U);
        }
        return dnssec_kit::with_signatures(set, signatures);
      case 6:  // another signer's name
        if (!signatures.empty()) {
          rename_signer(signatures[0], (input_.octet() & 1) != 0 ? some_zone() : name(question));
        }
        return dnssec_kit::with_signatures(set, signatures);
      default:
        if (other.type() == set.type()) {
          for (Buffer& each : copies(other.rdata())) { rdata.push_back(std::move(each)); }
        }
        return dnssec_kit::with_signatures(*set_of(set.owner(), set.type(), set.ttl(), rdata), signatures);
    }
  }
  static void rename_signer(Buffer& rrsig, const Name& signer) {
    constexpr std::size_t kFixed = 18;
    const auto view = rrsig_view(rrsig);
    if (!view) { return; }
    const Buffer signature(view->signature.begin(), view->signature.end());
    rrsig.resize(kFixed);
    rrsig.insert(rrsig.end(), signer.view().octets().begin(), signer.view().octets().end());
    rrsig.insert(rrsig.end(), signature.begin(), signature.end());
  }
  // Other data under the same signatures.
  RRsetPtr forged(const RRset& set) {
    std::vector<Buffer> rdata = copies(set.rdata());
    if (set.type() == Type::A) { rdata = {{203, 0, 113, 66}}; }
    if (set.type() == Type::DS) { rdata = {world_.attacker().key().ds(set.owner())}; }
    if (set.type() == Type::DNSKEY) { rdata.push_back(world_.attacker().key().dnskey()); }
    if (set.type() == Type::CNAME || set.type() == Type::DNAME) {
      const Bytes target = world_.attacker().origin().view().octets();
      rdata = {Buffer(target.begin(), target.end())};
    }
    return dnssec_kit::with_signatures(*set_of(set.owner(), set.type(), set.ttl(), rdata), copies(set.signatures()));
  }
  static RRsetPtr with_owner(const RRset& set, const Name& owner) { return set.with_owner(owner); }
  Reply other_reply(const Question& question) {
    const Question other{name(question), (input_.octet() & 1) != 0 ? question.type : type()};
    const std::uint8_t low = u8(1 + input_.octet() % 9);
    const Octet address[] = {192, 0, 2, low};
    const Reply* const reply = world_.answer_at(IpAddress::v4(address), other);
    return reply == nullptr ? Reply() : *reply;
  }
  void change_sets(Reply& reply, const Question& question) {
    for (auto* section : {&reply.answer, &reply.authority}) {
      for (RRsetPtr& set : *section) {
        if ((input_.octet() & 3) == 1) { set = mutated(*set, question); }
      }
    }
  }
  void put_together(Reply& reply, const Question& question) {
    reply.aa = (input_.octet() & 1) == 0;
    reply.rcode = (input_.octet() & 1) != 0 ? Rcode::name_error : Rcode::no_error;
    reply.answer = some_sets(question);
    reply.authority = some_sets(question);
    if ((input_.octet() & 1) != 0 && !reply.answer.empty()) {
      reply.answer.front() = with_owner(*reply.answer.front(), question.name);
    }
  }

  FuzzInput& input_;
  SignedWorld& world_;
};

// Lies as they come to mind, one after the other; or always the same about one zone: about its DS, its keys and its
// data, so that the parts of a forgery fit together however often each is asked for.
class Attacker {
 public:
  Attacker(FuzzInput& input, SignedWorld& world) : input_(input), world_(world) {
    is_steady_ = (input.octet() & 1) != 0;
    if (!is_steady_) { return; }
    target_ = Lie(input, world).some_zone();
    is_silent_about_ds_ = (input.octet() & 1) != 0;
    for (Bytes& lie : lies_) { lie = input.octets(kLieOctets); }
  }
  void change(const Question& question, Reply& reply) {
    if (!is_steady_) {
      if (!input_.is_empty()) { Lie(input_, world_).change(question, reply); }
      return;
    }
    if (!question.name.view().is_at_or_below(target_)) { return; }
    if (!reply.aa) {  // a referral, whose word on the DS is never asked for when it is believed
      std::erase_if(reply.authority,
                    [this](const RRsetPtr& set) { return is_silent_about_ds_ && set->type() != Type::NS; });
      return;
    }
    FuzzInput lie(lies_[question.type == Type::DS ? 0 : question.type == Type::DNSKEY ? 1 : 2]);
    Lie(lie, world_).change(question, reply);
  }

 private:
  static constexpr std::size_t kLieOctets = 32;
  FuzzInput& input_;
  SignedWorld& world_;
  bool is_steady_ = false, is_silent_about_ds_ = false;
  Name target_;
  std::array<Bytes, 3> lies_{};
};

// What the resolver says, held against the truth.
class Judge {
 public:
  explicit Judge(SignedWorld& world) : world_(world) {}

  void look_at(const Question& question, const Answer& answer) {
    const Security security = answer.verdict.security();
    if (answer.rcode == Rcode::server_failure) { return; }
    must(security == Security::secure || security == Security::insecure, "everything below an anchor is judged");
    bool is_open = false;
    Name name = question.name;
    bool is_positive = false;
    for (const AnswerPart& part : answer.answer) {
      const RRset& set = *part.rrset;
      if (set.type() == Type::RRSIG) { return; }
      const Region region = world_.region(set.owner(), set.type());
      is_open |= region != Region::secure;
      demand(security != Security::secure || region != Region::unsigned_region, "nothing unsigned is secure", question,
             answer);
      demand(region != Region::secure || world_.is_true(set), "what a secure zone says is what it has signed", question,
             answer);
      if (set.owner() == name && set.type() == question.type) { is_positive = true; }
      const bool leads_on = set.type() == Type::CNAME && set.owner() == name && question.type != Type::CNAME;
      if (leads_on) { name = Name(rdata_name(Type::CNAME, set.first_rdata())); }
    }
    if (!is_positive && answer.rcode != Rcode::yx_domain) { is_open |= look_at_denial(name, question, answer); }
    demand(security != Security::insecure || is_open, "a signed zone never looks unsigned", question, answer);
  }

 private:
  bool look_at_denial(const Name& name, const Question& question, const Answer& answer) {
    const Region region = world_.region(name, question.type);
    const bool is_secure = answer.verdict.is_secure();
    demand(!is_secure || region != Region::unsigned_region, "no unsigned denial is secure", question, answer);
    if (region != Region::secure) { return true; }
    const bool is_true =
        answer.rcode == Rcode::name_error ? world_.is_no_such_name(name) : world_.is_no_such_data(name, question.type);
    demand(is_true, "what a secure zone denies is not there", question, answer);
    return false;
  }
  static void demand(bool holds, const char* what, const Question& question, const Answer& answer) {
    if (holds) { return; }
    std::fprintf(stderr, "%s %s: %s\n%s\n", question.name.text().c_str(), type_text(question.type).c_str(),
                 std::string(rcode_text(answer.rcode)).c_str(), simulation::answer_text(answer).c_str());
    std::fprintf(stderr, "%s\n", answer.verdict.is_secure() ? "secure" : answer.verdict.text().c_str());
    for (const AnswerPart& part : answer.authority) { std::fprintf(stderr, "%s\n", rrset_text(*part.rrset).c_str()); }
    must(false, what);
  }

  SignedWorld& world_;
};

class Story {
 public:
  Story(FuzzInput& input, SignedWorld& world)
      : input_(input),
        world_(world),
        attacker_(input, world),
        net_(options(world), [this](const Asked& asked) { return reply(asked); }) {}

  void tell() {
    Judge judge(world_);
    for (std::size_t i = 0; i < kMaxQuestions && !input_.is_empty(); ++i) {
      const Question question = some_question();
      const bool checks_itself = input_.octet() % 8 == 1;
      const Answer answer = ask(question, checks_itself ? Resolver::Judging::no : Resolver::Judging::yes);
      if (!checks_itself) { judge.look_at(question, answer); }
      asked_.push_back(question);
      if (input_.octet() % 8 == 1) { net_.pass(std::chrono::seconds(input_.octet())); }
    }
    is_attacked_ = false;
    net_.pass(std::chrono::seconds(301));  // past the last hold of a failure
    for (const Question& question : asked_) { judge.look_at(question, ask(question, Resolver::Judging::yes)); }
    for (const std::string_view name : {"www.example.org.", "www.sub.example.org.", "www.hashed.org."}) {
      const Question question{Name::of(name), Type::A};
      judge.look_at(question, ask(question, Resolver::Judging::yes));
    }
  }

 private:
  static WorldOptions options(const SignedWorld& world) {
    WorldOptions options;
    options.start = kNow;
    options.resolver.root_hints = {{Name::of("a.root-servers.net."), {*IpAddress::parse("198.41.0.4")}}};
    options.cache.size = std::size_t{2} << 20;
    options.dnssec.mode = DnssecMode::enforce;
    options.dnssec.trust_anchors = {{Name(), Type::DS, world.root().ds()}};
    return options;
  }
  Question some_question() {
    const Question nothing{Name::of("www.example.org."), Type::A};
    Lie chooser(input_, world_);
    const Name name = chooser.name(nothing);
    const Type type = (input_.octet() & 1) == 0 ? Type::A : chooser.type();
    return {name, type};
  }
  Answer ask(const Question& question, Resolver::Judging judging) {
    Budget budget(net_.clock().monotonic());
    auto task = net_.resolver().resolve(question, budget, judging);
    task.start();
    must(net_.executor().run_until([&task] { return task.done(); }), "every question ends");
    must(budget.signature_checks() <= Budget::kSignatureChecks, "signatures are counted");
    must(budget.hash_iterations() <= Budget::kHashIterations, "hashes are counted");
    must(budget.upstream_queries() <= Budget::kUpstreamQueries, "questions are counted");
    return task.take();
  }
  Scripted reply(const Asked& asked) {
    const auto query = Message::decode(asked.packet);
    if (!query || !query->question) { return Scripted::silence(); }
    const Question question{query->question->name, query->question->type};
    const Reply* const honest = world_.answer_at(asked.server.ip(), question);
    if (honest == nullptr) { return Scripted::no_route(); }
    Reply reply = *honest;
    if (is_attacked_) { attacker_.change(question, reply); }
    std::erase(reply.answer, nullptr);
    std::erase(reply.authority, nullptr);
    return Scripted::reply(message_of(reply, *query).encode());
  }

  FuzzInput& input_;
  SignedWorld& world_;
  Attacker attacker_;
  World net_;
  std::vector<Question> asked_;
  bool is_attacked_ = true;
};

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vouch::FuzzInput input({data, size});
  vouch::Story story(input, vouch::SignedWorld::instance());
  story.tell();
  return 0;
}
