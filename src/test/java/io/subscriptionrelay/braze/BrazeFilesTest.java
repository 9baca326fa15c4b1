package io.subscriptionrelay.braze;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.mapping.Destination;
import io.subscriptionrelay.mapping.Destination.Description;
import io.subscriptionrelay.mapping.Destination.Each;
import io.subscriptionrelay.mapping.Destination.Outcome;
import io.subscriptionrelay.mapping.Destination.Park;
import io.subscriptionrelay.mapping.Destination.Split;
import io.subscriptionrelay.mapping.Destination.Taken;
import io.subscriptionrelay.mapping.Destination.Verdict;
import io.subscriptionrelay.mapping.ShippedDestinations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Braze's files say of single records, and of answers that make little sense. */
class BrazeFilesTest {

    private static final Destination BRAZE = ShippedDestinations.load("braze");
    private static final String TOOK_IT = "x".repeat(255);

    @Test
    void attributesAreTheStateOfTheirUserAndNothingElseIs() throws Exception {
        Description attributes = describe("{'attributes':{'external_id':'lena.42','plan':null}}");
        assertThat(attributes).isEqualTo(new Description("attributes", "track", "lena.42", "external_id", "lena.42", true, null));
        assertThat(describe("{'event':{'external_id':'lena.42','name':'Renewed'}}"))
                .isEqualTo(new Description("event", "track", "lena.42", null, null, false, null));
        assertThat(describe("{'purchase':{'external_id':'lena.42','product_id':'" + TOOK_IT + "'}}"))
                .isEqualTo(new Description("purchase", "track", "lena.42", null, null, false, null));
    }

    @Test
    void anAliasIsToldByItsLabelToo() throws Exception {
        Description one = describe("{'attributes':{'user_alias':{'alias_name':'b','alias_label':'a'}}}");
        assertThat(one.by()).isEqualTo("user_alias");
        assertThat(one.user()).isEqualTo("b");
        assertThat(one.id()).isNotEqualTo(describe("{'attributes':{'user_alias':{'alias_name':'b','alias_label':'c'}}}").id());
        assertThat(describe("{'attributes':{'user_alias':{'alias_name':'b:c','alias_label':'a'}}}").id())
                .isNotEqualTo(describe("{'attributes':{'user_alias':{'alias_name':'c','alias_label':'a:b'}}}").id());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{'attributes':[]}", "{'attributes':null}", "{'events':[{'external_id':'u'}]}", "{'event':{'name':'Renewed'}}",
        "{'event':{'external_id':'u'},'purchase':{'external_id':'u'}}", "{'attributes':{'external_id':' '}}", "{'attributes':{'external_id':7}}",
        "{'attributes':{'user_alias':{'alias_name':'b'}}}", "{'attributes':{'user_alias':'b'}}"})
    void aRecordThatIsNoObjectOfAUserIsRefused(String record) throws Exception {
        assertThat(describe(record).refusal()).startsWith("the mapping gave a Braze record");
    }

    @Test
    void whatBrazeIsKnownToRefuseIsNotSent() throws Exception {
        assertThat(describe("{'purchase':{'external_id':'u','product_id':'" + TOOK_IT + "x'}}").refusal()).contains("product_id of more than 255");
        assertThat(describe("{'event':{'external_id':'u','name':'n','properties':{'list':['" + "x".repeat(51200) + "']}}}").refusal())
                .startsWith("the properties have 51213 bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "7", "'text'", "{'errors':{}}", "{'errors':'no'}", "{'errors':[null]}", "{'errors':[7,[],{}]}",
        "{'message':{},'errors':[{'type':7,'input_array':7,'index':'0'}]}", "{'errors':[{'input_array':'events','index':-1}]}",
        "{'errors':[{'input_array':'events','index':0.5},{'input_array':'events','index':12345678901234567890}]}",
        "{'errors':[{'input_array':'attributes','index':0},{'input_array':'attributes','index':0}]}", "{'errors':[{'input_array':'purchases','index':0}]}"})
    void anAnswerThatMakesNoSenseSettlesEachRecordAndTakesNoneForDelivered(String answer) throws Exception {
        JsonNode body = json(answer);
        for (int status : new int[] {200, 400}) {
            for (int count : new int[] {1, 2}) {
                Verdict verdict = verdict(status, body, count);
                if (verdict instanceof Each each) {
                    assertThat(each.outcomes()).hasSize(count);
                    boolean allPlaced = body.path("errors").size() == 2 && body.at("/errors/0/input_array").asText().equals("attributes");
                    if (!allPlaced) {
                        assertThat(each.outcomes()).noneMatch(Taken.class::isInstance);
                    }
                } else {
                    assertThat(verdict).isInstanceOf(Split.class);
                    assertThat(status).isEqualTo(400);
                    assertThat(count).isEqualTo(2);
                }
            }
        }
    }

    @Test
    void anObjectThatIsNamedTwiceIsOne() throws Exception {
        JsonNode body = json("{'message':'success','errors':[{'type':'a','input_array':'attributes','index':0},"
                + "{'type':'b','input_array':'attributes','index':0}]}");
        List<Outcome> outcomes = ((Each) verdict(201, body, 2)).outcomes();
        assertThat(outcomes.get(0)).isInstanceOf(Park.class);
        assertThat(outcomes.get(1)).isInstanceOf(Taken.class);
        assertThat(verdict(400, body, 2)).isInstanceOf(Split.class);
    }

    /** Of attributes and an event. */
    private static Verdict verdict(int status, JsonNode body, int count) throws Exception {
        ArrayNode records = StrictJson.mapper().createArrayNode().add(json("{'attributes':{'external_id':'u','plan':'yearly'}}"));
        if (count == 2) {
            records.add(json("{'event':{'external_id':'u','name':'Renewed'}}"));
        }
        return BRAZE.verdict("track", status, Map.of(), body, Optional.of(records), count);
    }

    private static Description describe(String record) throws Exception {
        return BRAZE.describe((ObjectNode) json(record));
    }

    private static JsonNode json(String text) throws Exception {
        return StrictJson.mapper().readTree(text.replace('\'', '"'));
    }
}
