package io.subscriptionrelay.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.subscriptionrelay.event.StrictJson;
import io.subscriptionrelay.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the shipped schemas say of records, and what is said of a schema that cannot be used. */
class RecordSchemaTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "clevertap | {'type':'event','evtName':'n','evtData':{},'ts':1718000012,'identity':'u'}",
        "clevertap | {'type':'event','evtName':'n','evtData':{'$email':'e','n':1.5,'flag':true},'objectId':'__1'}",
        "clevertap | {'type':'event','evtName':'Charged','evtData':{'Amount':9.99,'Items':[{'product':'p'}]},'identity':'u'}",
        "clevertap | {'type':'profile','profileData':{'Gender':'F','MSG-email':false,'plan':{'$add':['x']}},'identity':7}",
        "onesignal | {'by':'an alias of the app','id':'u','tags':{'plan':'','n':1,'flag':false}}",
        "onesignal | {'custom_event':{'name':'n','external_id':'u','properties':{'deep':[{}]}}}",
        "braze | {'attributes':{'external_id':'u','plan':null,'list':['a'],'subscription_groups':[{}]}}",
        "braze | {'event':{'user_alias':{'alias_name':'a','alias_label':'b'},'name':'n','time':'2024-06-10T06:13:32Z'}}",
        "braze | {'purchase':{'external_id':'u','product_id':'p','currency':'EUR','price':-1,'time':'2024-06-10T06:13:32Z','quantity':2}}"})
    void whatTheDestinationKnowsFits(String destination, String record) {
        assertThat(problems(destination, record)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "clevertap | {'type':'event','evtData':{},'identity':'u'} | `evtName` is missing; write a name that is not blank",
        "clevertap | {'type':'event','evtName':'n','evtData':{},'identity':'u','ts':1718000012999}"
            + " | `ts` is a number of 13 digits; write seconds since 1970",
        "clevertap | {'type':'event','evtName':'n','evtData':{},'identity':'u','ts':'2024-06-10'}"
            + " | `ts` is a text of 10 characters; write seconds since 1970",
        "clevertap | {'type':'event','evtName':'n','evtData':{},'ts':1}"
            + " | the record is an object of 4 keys; write one of identity, objectId, FBID and GPID",
        "clevertap | {'type':'event','evtName':'n','evtData':{'a':{'b':1}},'identity':'u'}"
            + " | `evtData.a` is an object of 1 key; write a text, a number or a flag",
        "clevertap | {'type':'evnt','evtName':'n','evtData':{},'identity':'u'} | `type` is a text of 4 characters; write event or profile",
        "clevertap | {'type':'profile','profileData':{'Gender':'female'},'identity':'u'}"
            + " | `profileData.Gender` is a text of 6 characters; write M or F",
        "clevertap | {'type':'profile','profileData':{'plan':{'$ad':['x']}},'identity':'u'}"
            + " | `profileData.plan.$ad` has a name that is not taken; write $add, $remove, $set, $incr, $decr or $delete",
        "onesignal | {'by':'external_id','id':'u','tags':{'plan':['a']}}"
            + " | `tags.plan` is a list; write a text (a blank one removes the tag), a number or a flag",
        "onesignal | {'by':'external_id','id':'u','tags':{'user':'x'}}"
            + " | `tags.user` has a name that is not taken; write a name of letters, digits, _, - and blanks that stands for nothing else"
            + " in OneSignal's templates",
        "onesignal | {'custom_event':{'name':'n','external_id':'u','payload':{}}}"
            + " | `custom_event.payload` is unknown; known are: name, external_id, onesignal_id, timestamp, idempotency_key, properties",
        "onesignal | {'custom_event':{'name':'n'}} | `custom_event` is an object of 1 key; write one of external_id and onesignal_id",
        "braze | {'events':[]} | `events` is unknown; known are: attributes, event, purchase",
        "braze | {'event':{'external_id':'u','name':'n'}} | `event.time` is missing; write a time in ISO 8601",
        "braze | {'attributes':{'external_id':'u','list':[1]}} | `attributes.list.0` is a number of 1 digit; write a text",
        "braze | {'purchase':{'external_id':'u','product_id':'p','currency':978,'price':1,'time':'2024-06-10T06:13:32Z'}}"
            + " | `purchase.currency` is a number of 3 digits; write a currency in ISO 4217, like EUR"})
    void whatDoesNotFitIsNamedByPlaceAndByWhatToWrite(String destination, String record, String problem) {
        assertThat(problems(destination, record)).containsExactly(problem);
    }

    @Test
    void noValueAndNoAddressIsQuoted() {
        assertThat(problems("clevertap", "{'type':'event','evtName':{'a':'secret'},'ts':'secret','evtData':{'a':['secret'],'lena@mail.example':[]},"
                + "'identity':{'lena':'secret'},'" + "k".repeat(1000) + "':'secret'}")).hasSizeGreaterThan(4)
                .allSatisfy(problem -> assertThat(problem).doesNotContain("secret", "lena@mail").hasSizeLessThan(310));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{ 'type': 'object',\\n  'properties': { 'name': { 'type': 'txt' } } } | line 2, column | properties.name.type",
        "{ 'type': 'object',\\n\\n  'required': 'name' } | line 3, column | required",
        "{\\n  '$ref': '#/$defs/name'\\n} | line 2: | `$ref` #/$defs/name leads nowhere",
        "{\\n  '$ref': '../nowhere.schema.json#/$defs/name'\\n} | line 2: | `$ref` ../nowhere.schema.json#/$defs/name leads nowhere",
        "{\\n  'pattern': '(\\\\d'\\n} | line 2: | `pattern` (\\d is no regular expression",
        "{ 'type': 'object',\\n  'properties': } | line 2: | not valid JSON",
        "[] | line 1 | cannot be used as a schema",
        "'' | record.schema.json | cannot be used as a schema"})
    void aSchemaThatCannotBeUsedIsAProblemWithFileAndLine(String schema, String place, String problem, @TempDir Path folder) throws IOException {
        Path mappings = Home.copyTo(folder).resolve("mappings");
        Path file = mappings.resolve("destinations/clevertap/record.schema.json");
        Files.writeString(file, schema.replace('\'', '"').replace("\\n", "\n"));
        try {
            Destination.load(mappings, file.getParent());
        } catch (BrokenMappingException e) {
            assertThat(e.problems()).extracting(Problem::toString).allSatisfy(text -> assertThat(text).contains(file.toString(), place, problem));
            return;
        }
        throw new AssertionError("it was loaded");
    }

    private static List<String> problems(String destination, String record) {
        try {
            return ShippedDestinations.load(destination).problems(StrictJson.mapper().readTree(record.replace('\'', '"')));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
