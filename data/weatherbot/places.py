"""The places that are asked about, and which of them the training split never names."""

import random

NAMES = """
Aberdeen, Accra, Adelaide, Albuquerque, Algiers, Amsterdam, Anchorage, Ankara, Antwerp, Athens, Atlanta, Auckland,
Austin, Baltimore, Bangkok, Barcelona, Basel, Belfast, Belgrade, Bergen, Berlin, Bern, Birmingham, Bogota, Boise,
Bologna, Bonn, Bordeaux, Boston, Bremen, Brisbane, Bristol, Brussels, Bucharest, Budapest, Buenos Aires, Buffalo, Cairo,
Calgary, Canberra, Cape Town, Caracas, Cardiff, Casablanca, Charlotte, Chicago, Christchurch, Cincinnati, Cleveland,
Cologne, Colombo, Columbus, Copenhagen, Cork, Dakar, Dallas, Darwin, Delhi, Denver, Detroit, Dresden, Dublin, Durban,
Edinburgh, Edmonton, El Paso, Florence, Frankfurt, Geneva, Genoa, Glasgow, Graz, Halifax, Hamburg, Hanoi, Havana,
Helsinki, Hobart, Hong Kong, Honolulu, Houston, Istanbul, Jakarta, Jersey City, Juneau, Kansas City, Karachi, Kathmandu,
Kingston, Krakow, Kyoto, Lagos, Las Vegas, Leeds, Leipzig, Lima, Lisbon, Liverpool, London, Los Angeles, Lyon, Madrid,
Manchester, Manila, Marseille, Melbourne, Memphis, Mexico City, Miami, Milan, Milwaukee, Minneapolis, Montreal, Moscow,
Mumbai, Munich, Nairobi, Nantes, Naples, Nashville, New Delhi, New Orleans, New York, Oakland, Omaha, Orlando, Orleans,
Osaka, Oslo, Ottawa, Panama City, Paris, Perth, Philadelphia, Phoenix, Pittsburgh, Portland, Porto, Prague, Quebec,
Quebec City, Reykjavik, Richmond, Riga, Rio de Janeiro, Rome, Rotterdam, Sacramento, Salt Lake City, San Antonio,
San Diego, San Francisco, San Jose, Santiago, Sao Paulo, Sarajevo, Seattle, Seoul, Seville, Shanghai, Singapore, Sofia,
Stockholm, Sydney, Tallinn, Tampa, Tokyo, Toronto, Tucson, Tunis, Turin, Utrecht, Valencia, Vancouver, Venice, Vienna,
Vilnius, Warsaw, Washington, Wellington, Winnipeg, York, Zagreb, Zurich
"""

PLACES = [" ".join(name.split()) for name in NAMES.split(",")]
HELD_OUT_SHARE = 0.25
# Places that the documentation asks about.
KEPT_IN_TRAINING = {"New York"}

candidates = [place for place in PLACES if place not in KEPT_IN_TRAINING]
held_out = set(random.Random("places of the test split").sample(candidates, round(HELD_OUT_SHARE * len(PLACES))))

SEEN = [place for place in PLACES if place not in held_out]
UNSEEN = [place for place in PLACES if place in held_out]
